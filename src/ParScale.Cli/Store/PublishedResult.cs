namespace ParScale.Cli.Store;

/// <summary>The JSON of <c>parscale published</c>.</summary>
/// <param name="MemoryBytes">What this machine has, or what <c>--memory</c> says.</param>
/// <param name="Context">Tokens of the one sequence that the memory figures hold.</param>
/// <param name="Checkpoints">Those that were asked for: by size, then by P.</param>
internal sealed record PublishedResult(double MemoryBytes, int Context, IReadOnlyList<PublishedRow> Checkpoints);

/// <summary>One published checkpoint.</summary>
internal sealed record PublishedRow
{
    /// <summary>Its name on the hub.</summary>
    public required string Name { get; init; }

    /// <summary>Its size as names have it: all parameters of its plain model.</summary>
    public required string Size { get; init; }

    /// <summary>N of the law: parameters without the embedding, with prefixes and aggregator.</summary>
    public required double Parameters { get; init; }

    public required double TotalParameters { get; init; }

    /// <summary>Parallel streams P.</summary>
    public required int Streams { get; init; }

    /// <summary>What it was trained on.</summary>
    public required string Training { get; init; }

    /// <summary>Bytes to fetch.</summary>
    public required double DownloadBytes { get; init; }

    /// <summary>Bytes in memory, per dtype: weights, keys and values of one sequence, and the process.</summary>
    public required IReadOnlyDictionary<string, double> MemoryBytes { get; init; }

    /// <summary>The dtypes that fit.</summary>
    public required IReadOnlyList<string> Fits { get; init; }
}
