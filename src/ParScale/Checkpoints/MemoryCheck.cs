using System.Globalization;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Checkpoints;

/// <summary>Refuses to load a model that this machine cannot hold, before anything of it is touched.</summary>
/// <remarks>
/// What counts is what every token reads: the weights in the type that is computed with. Mapped weights count too. The system
/// could page them in and out, but since each token reads them all, it would do so at every token, at the disk's speed. A file
/// whose weights are converted counts in its new type alone: its pages are read once, stay clean, and may be dropped at once.
/// </remarks>
internal static class MemoryCheck
{
    // What is advised to somebody whose weights do not fit, the most exact first.
    private static readonly WeightDtype[] Narrower = [WeightDtype.Bf16, WeightDtype.Q8, WeightDtype.Q4];

    /// <summary>The check by the numbers of the config alone, before files are opened: the least that its weights can take.</summary>
    public static void Require(CheckpointConfig config, WeightDtype? type)
    {
        WeightDtype? runs = type ?? config.QuantizedType;
        Require(config, runs, LeastBytes(config, runs ?? WeightDtype.Bf16), AvailableBytes);
    }

    /// <summary>The exact check, by the types that the checkpoint holds.</summary>
    public static void Require(CheckpointConfig config, Checkpoint checkpoint, WeightDtype? type) =>
        Require(config, type ?? config.QuantizedType, ResidentBytes(config, checkpoint, type), AvailableBytes);

    /// <summary>Compares a number of bytes with a given amount of memory.</summary>
    public static void Require(CheckpointConfig config, WeightDtype? type, long weightBytes, long availableBytes)
    {
        if (weightBytes <= availableBytes) return;
        IEnumerable<WeightDtype> fitting = config.QuantizedType is null
            ? Narrower.Where(narrow => LeastBytes(config, narrow) is var bytes && bytes < weightBytes && bytes <= availableBytes)
            : [];
        string advice = fitting.Select(narrow => $"{QuantizedFolder.Name(narrow)} weights, ").FirstOrDefault("");
        throw new ParScaleException(ErrorKind.NotEnoughMemory, "CF-06",
            $"config.json: {config.Parameters} parameters need at least {Gibibytes(weightBytes)} of memory, this machine has "
            + $"{Gibibytes(availableBytes)}; use {advice}a smaller model or another machine");
    }

    /// <summary>Bytes of the weights in memory when <paramref name="config"/> runs; f16 is computed as f32.</summary>
    internal static long ResidentBytes(CheckpointConfig config, Checkpoint checkpoint, WeightDtype? type)
    {
        long Bytes(CheckpointConfig run) => MatrixTypes.Bytes(run, type ?? config.QuantizedType, name => checkpoint.Get(name).Info.Type);
        // The smaller numbers of streams of an elastic model have prefixes and aggregators of their own.
        return Bytes(config) + config.Streams.Elastic.Where(count => count > 1 && count < config.Streams.Count)
            .Sum(count => Bytes(config.WithStreams(count)) - Bytes(config.WithStreams(1)));
    }

    private static long AvailableBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    // By the numbers of the config alone, without a list of tensors: scales and what stays float32 are left out.
    private static long LeastBytes(CheckpointConfig config, WeightDtype type) => type switch
    {
        WeightDtype.F32 => config.Parameters * sizeof(float),
        WeightDtype.Bf16 => config.Parameters * sizeof(ushort),
        WeightDtype.Q8 => config.Parameters,
        WeightDtype.Q4 => config.Parameters / 2,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static string Gibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0##} GiB");
}
