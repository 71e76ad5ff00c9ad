namespace ParScale.Checkpoints;

/// <summary>The largest files and headers that are read at all; docs/guides/errors.md states them.</summary>
internal static class CheckpointLimits
{
    public const int ConfigBytes = 16 << 20;
    public const int HeaderBytes = 100_000_000;
    public const int Tensors = 1_000_000;
    public const int Rank = 8;
    public const int JsonDepth = 64;

    /// <summary>Above this a double cannot hold every whole number, so readers of JSON would disagree on the value.</summary>
    public const long LargestAxis = 1L << 53;
}
