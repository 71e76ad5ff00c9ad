using ParScale.Kernels.Formats;

namespace ParScale;

/// <summary>How a model is loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>
    /// P. Null takes what the checkpoint has. Another number chooses among the embedded models; for a folder, 1 runs the
    /// backbone without prefixes and aggregator, and anything else must be what the checkpoint has.
    /// </summary>
    public int? Streams { get; init; }

    /// <summary>Storage of the weights. Null keeps them as stored.</summary>
    public WeightType? Type { get; init; }

    /// <summary>Storage of keys and values of past tokens. Null takes f32 for f32 and bf16 weights and bf16 for others.</summary>
    public KvType? Cache { get; init; }

    /// <summary>Refuses a checkpoint with NaN or infinite weights instead of noting them.</summary>
    public bool StrictWeights { get; init; }

    /// <summary>Threads to compute with, 1 to 1024. Null takes all cores.</summary>
    public int? Threads { get; init; }

    /// <summary>
    /// Instructions for q8 and q4 weights: <c>avx512-vnni</c>, <c>avx-vnni</c>, <c>avx2</c>, <c>dp</c> or <c>portable</c>; from then on for
    /// all models of the process. Null leaves the best that the machine has. All give the same bits.
    /// </summary>
    public string? Tier { get; init; }
}
