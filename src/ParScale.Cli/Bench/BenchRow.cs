using ParScale.Benchmarking;

namespace ParScale.Cli.Bench;

/// <summary>One row of <c>parscale bench</c>: in JSON, and as the columns of the tables.</summary>
internal sealed record BenchRow
{
    public required string Model { get; init; }

    public required string Dtype { get; init; }

    /// <summary>Format of keys and values.</summary>
    public required string Kv { get; init; }

    /// <summary>P of the sequence, or the streams of all sequences of a batch together.</summary>
    public required int Streams { get; init; }

    /// <summary>The sequences of a step by their P, such as <c>8</c>, <c>1+2+5</c> or <c>8x1</c>.</summary>
    public required string Batch { get; init; }

    /// <summary>Tokens that all sequences together get in a second of decode steps.</summary>
    public required double TokensS { get; init; }

    public required int Context { get; init; }

    public required int Threads { get; init; }

    /// <summary>A whole decode step, median.</summary>
    public required double DecodeMs { get; init; }

    public required double DecodeMeanMs { get; init; }

    public required double DecodeSdMs { get; init; }

    public required double DecodeMinMs { get; init; }

    /// <summary>Steps measured.</summary>
    public required int DecodeSteps { get; init; }

    /// <summary>Bytes of weights read in a step, over <see cref="ReadGbS"/>.</summary>
    public required double FloorMs { get; init; }

    /// <summary>decode_ms over floor_ms.</summary>
    public required double Ratio { get; init; }

    /// <summary>The fastest step over the floor at the fastest reading.</summary>
    public required double RatioBest { get; init; }

    /// <summary>The step's multiply-adds in the product kernels of this dtype, measured with data in the first-level cache.</summary>
    public required double ProductFloorMs { get; init; }

    /// <summary>decode_ms over product_floor_ms.</summary>
    public required double ProductRatio { get; init; }

    /// <summary>Multiply-adds of the step over <see cref="ProductFloorMs"/>, G/s.</summary>
    public required double ProductGmacS { get; init; }

    /// <summary>The larger of floor_ms and product_floor_ms.</summary>
    public required double RooflineMs { get; init; }

    /// <summary>decode_ms over roofline_ms.</summary>
    public required double RooflineRatio { get; init; }

    /// <summary>Reading memory between the rows of this dtype, median, GB/s.</summary>
    public required double ReadGbS { get; init; }

    /// <summary>Weights read in a step; of experts the mean of what was read.</summary>
    public required long StepBytes { get; init; }

    /// <summary>Different experts of a layer that a step read, mean over its layers with experts; null for a model without experts.</summary>
    public required double? ExpertsPerLayer { get; init; }

    /// <summary>The same as <c>parscale cost</c> expects it: each stream of each sequence chooses on its own.</summary>
    public required double? PredictedExpertsPerLayer { get; init; }

    /// <summary>Keys and values read in a step, and the time that takes at the same speed.</summary>
    public required long KvStepBytes { get; init; }

    public required double KvFloorMs { get; init; }

    /// <summary>Tokens of the prompt; 0 when none was measured, then the following are null.</summary>
    public required int Prompt { get; init; }

    public required double? PrefillTokensS { get; init; }

    public required double? PrefillTokensSSd { get; init; }

    public required int? PrefillRuns { get; init; }

    /// <summary>Multiply-adds a second of the prompt's matrices over those the machine can do: 8-bit for q8 and q4, else float32.</summary>
    public required double? PrefillShare { get; init; }

    /// <summary>The same over what the product kernel of this dtype does with many rows.</summary>
    public required double? PrefillProductShare { get; init; }

    /// <summary>Memory of this row alone: all of it, and its parts.</summary>
    public required long ResidentBytes { get; init; }

    public required long WeightBytes { get; init; }

    public required long KvBytes { get; init; }

    public required long OtherBytes { get; init; }

    /// <summary>What <c>parscale cost</c> would say, from the speeds of this run.</summary>
    public required double PredictedDecodeMs { get; init; }

    /// <summary>The same of the prompt; null when none was measured.</summary>
    public required double? PredictedPrefillTokensS { get; init; }

    /// <summary>The same of the memory.</summary>
    public required long PredictedBytes { get; init; }

    public static BenchRow From(BenchmarkRow row, BenchmarkPlan plan, BenchPrediction prediction) => new()
    {
        Model = plan.Name,
        Dtype = row.Type.ToString().ToLowerInvariant(),
        Kv = row.Cache.ToString().ToLowerInvariant(),
        Streams = row.Batch.Rows,
        Batch = row.Batch.Name,
        TokensS = row.Batch.Streams.Count / row.Decode.Median * 1e3,
        Context = row.Context,
        Threads = plan.Threads,
        DecodeMs = row.Decode.Median,
        DecodeMeanMs = row.Decode.Mean,
        DecodeSdMs = row.Decode.Deviation,
        DecodeMinMs = row.Decode.Least,
        DecodeSteps = row.Decode.Count,
        FloorMs = row.FloorMs,
        Ratio = row.Ratio,
        RatioBest = row.BestRatio,
        ProductFloorMs = row.ProductFloorMs,
        ProductRatio = row.Decode.Median / row.ProductFloorMs,
        ProductGmacS = row.Products / row.ProductFloorMs / 1e6,
        RooflineMs = row.RooflineMs,
        RooflineRatio = row.Decode.Median / row.RooflineMs,
        ReadGbS = row.Read.Median / 1e9,
        StepBytes = row.StepBytes,
        ExpertsPerLayer = row.Experts.Layers == 0 ? null : row.Experts.PerLayer,
        PredictedExpertsPerLayer = prediction.ExpertsPerLayer,
        KvStepBytes = row.StepCacheBytes,
        KvFloorMs = row.CacheFloorMs,
        Prompt = plan.Prompt,
        PrefillTokensS = row.Prefill?.Median,
        PrefillTokensSSd = row.Prefill?.Deviation,
        PrefillRuns = row.Prefill?.Count,
        PrefillShare = row.PrefillShare,
        PrefillProductShare = row.PrefillProductShare,
        ResidentBytes = row.WeightBytes + row.CacheBytes + row.OtherBytes,
        WeightBytes = row.WeightBytes,
        KvBytes = row.CacheBytes,
        OtherBytes = row.OtherBytes,
        PredictedDecodeMs = prediction.DecodeMs,
        PredictedPrefillTokensS = prediction.PrefillTokensS,
        PredictedBytes = prediction.Bytes,
    };
}
