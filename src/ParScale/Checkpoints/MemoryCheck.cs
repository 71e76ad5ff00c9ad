using ParScale.Model;

namespace ParScale.Checkpoints;

/// <summary>Refuses a model that this machine cannot hold, before anything of it is touched.</summary>
internal static class MemoryCheck
{
    /// <summary>
    /// Compares the weights with the memory of this machine or container. Mapped weights could be paged in and out, but
    /// every token reads all of them: a model larger than memory would run at the disk's speed.
    /// </summary>
    public static void Require(ModelConfig config, long weightBytes) =>
        Require(config, weightBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>The same against a given amount of memory.</summary>
    public static void Require(ModelConfig config, long weightBytes, long availableBytes)
    {
        if (weightBytes <= availableBytes) return;
        throw new ParScaleException(ErrorKind.NotEnoughMemory, "CF-06",
            $"config.json: {config.TotalParameters} parameters need at least {Gibibytes(weightBytes)} of memory, this machine has "
            + $"{Gibibytes(availableBytes)}; use a smaller model or another machine");
    }

    private static string Gibibytes(long bytes) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB");
}
