using ParScale.Kernels.Formats;

namespace ParScale.Benchmarking;

/// <summary>The figures of one combination of type, cache, streams and context. Times are milliseconds.</summary>
internal sealed record BenchmarkRow
{
    /// <summary>Storage of the weights.</summary>
    public required WeightDtype Type { get; init; }

    /// <summary>Storage of keys and values.</summary>
    public required KvDtype Cache { get; init; }

    /// <summary>The sequences of a step.</summary>
    public required StreamBatch Batch { get; init; }

    /// <summary>Tokens in the cache before the step.</summary>
    public required int Context { get; init; }

    /// <summary>A whole step: embedding to the choice of the likeliest token.</summary>
    public required Spread Decode { get; init; }

    /// <summary>Bytes a second at which memory was read between this type's steps.</summary>
    public required Spread Read { get; init; }

    /// <summary>What the steps read of experts.</summary>
    public required ExpertUse Experts { get; init; }

    /// <summary>Bytes of weights that a step reads; of experts the mean of those that were read.</summary>
    public required long StepBytes { get; init; }

    /// <summary>Bytes of keys and values that a step reads, prefixes included.</summary>
    public required long StepCacheBytes { get; init; }

    /// <summary>Multiply-adds of the step's matrices.</summary>
    public required double Products { get; init; }

    /// <summary>Time of these multiply-adds in the product kernels, with data in the first-level cache.</summary>
    public required double ProductFloorMs { get; init; }

    /// <summary>Tokens a second of a prompt; null when none was measured.</summary>
    public required Spread? Prefill { get; init; }

    /// <summary>Multiply-adds a second of the prompt over the machine's rate for this type, 8-bit or float32; null without a prompt.</summary>
    public required double? PrefillShare { get; init; }

    /// <summary>The same over the rate of this type's product kernel for many rows.</summary>
    public required double? PrefillProductShare { get; init; }

    /// <summary>Bytes of all weights in memory.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Bytes of the cache and the prefixes.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>What else the process held while this row alone was loaded: code, scratch memory, the runtime.</summary>
    public required long OtherBytes { get; init; }

    /// <summary>Time to read the step's weights once.</summary>
    public double FloorMs => StepBytes / Read.Median * 1e3;

    /// <summary>The larger of the two floors: a step must read all weights and do all products.</summary>
    public double RooflineMs => Math.Max(FloorMs, ProductFloorMs);

    /// <summary>Time to read the step's keys and values once.</summary>
    public double CacheFloorMs => StepCacheBytes / Read.Median * 1e3;

    /// <summary>Median step over median floor.</summary>
    public double Ratio => Decode.Median / FloorMs;

    /// <summary>Fastest step over the floor at the fastest reading.</summary>
    public double BestRatio => Decode.Least / (StepBytes / Read.Most * 1e3);
}
