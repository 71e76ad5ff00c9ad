using System.Globalization;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Model;

namespace ParScale.Checkpoints;

/// <summary>Refuses to load a model that this machine cannot hold, before anything of it is touched.</summary>
/// <remarks>
/// What counts is what every token reads: the weights in the type that is computed with. Mapped weights count too. The system
/// could page them in and out, but since each token reads them all, it would do so at every token, at the disk's speed. A file
/// whose weights are converted counts in its new type alone: its pages are read once, stay clean, and may be dropped at once.
/// </remarks>
internal static class MemoryCheck
{
    // Norms, biases and prefixes are float32 in memory whatever the matrices are.
    private const int MatrixAxes = 2;

    /// <summary>The check by the numbers of the config alone, before files are opened: the least that its weights can take.</summary>
    public static void Require(ModelConfig config, WeightType? type) =>
        Require(config, type, LeastBytes(config, type ?? WeightType.Bf16), AvailableBytes);

    /// <summary>The exact check, by the types that the checkpoint holds.</summary>
    public static void Require(ModelConfig config, Checkpoint checkpoint, WeightType? type) =>
        Require(config, type, ResidentBytes(config, checkpoint, type), AvailableBytes);

    /// <summary>Compares a number of bytes with a given amount of memory.</summary>
    public static void Require(ModelConfig config, WeightType? type, long weightBytes, long availableBytes)
    {
        if (weightBytes <= availableBytes) return;
        bool narrowFits = type is null or WeightType.F32 && LeastBytes(config, WeightType.Bf16) <= availableBytes;
        throw new ParScaleException(ErrorKind.NotEnoughMemory, "CF-06",
            $"config.json: {config.TotalParameters} parameters need at least {Gibibytes(weightBytes)} of memory, this machine has "
            + $"{Gibibytes(availableBytes)}; use {(narrowFits ? "bf16 weights, " : "")}a smaller model or another machine");
    }

    /// <summary>Bytes of the weights in memory when <paramref name="config"/> runs. f16 is computed as f32; Q4 keeps the rows of tokens in Q8.</summary>
    internal static long ResidentBytes(ModelConfig config, Checkpoint checkpoint, WeightType? type)
    {
        long bytes = 0;
        foreach ((string name, long[] shape) in ModelTensors.Expected(config))
        {
            TensorType stored = checkpoint.Get(name).Info.Type;
            WeightType kept = type ?? (stored == TensorType.BF16 ? WeightType.Bf16 : WeightType.F32);
            if (kept == WeightType.Q4 && name is ModelTensors.EmbeddingName or ModelTensors.HeadName) kept = WeightType.Q8;
            bytes += shape.Length == MatrixAxes
                ? WeightMatrix.SizeOf(kept, (int)shape[0], (int)shape[1])
                : sizeof(float) * shape.Aggregate(1L, (product, axis) => product * axis);
        }
        return bytes;
    }

    private static long AvailableBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    private static long LeastBytes(ModelConfig config, WeightType type) => type switch
    {
        WeightType.F32 => config.TotalParameters * sizeof(float),
        WeightType.Bf16 => config.TotalParameters * sizeof(ushort),
        WeightType.Q8 => config.TotalParameters,
        WeightType.Q4 => config.TotalParameters / 2,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static string Gibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0##} GiB");
}
