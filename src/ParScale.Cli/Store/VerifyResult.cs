namespace ParScale.Cli.Store;

/// <summary>The JSON of <c>parscale verify</c>.</summary>
/// <param name="Damaged">Files whose bytes are not what they should be, in all models.</param>
/// <param name="Seconds">Time of the checks.</param>
/// <param name="Models">What was checked.</param>
internal sealed record VerifyResult(int Damaged, double Seconds, IReadOnlyList<VerifyRow> Models);

/// <summary>One model that was checked.</summary>
internal sealed record VerifyRow
{
    /// <summary>Its name on the hub, or its folder.</summary>
    public required string Name { get; init; }

    /// <summary>The hub's commit; null for a folder.</summary>
    public required string? Commit { get; init; }

    /// <summary>
    /// <c>hub</c>: each file has the SHA-256, or git's SHA-1, that its name says. <c>checksums</c>: a quantised folder's own.
    /// <c>form</c>: a float folder has no hashes; its headers, shapes and types fit.
    /// </summary>
    public required string Check { get; init; }

    public required int Files { get; init; }

    public required long Bytes { get; init; }

    public required IReadOnlyList<DamagedFile> Damaged { get; init; }

    /// <summary>Where it is.</summary>
    public required string Folder { get; init; }
}

/// <summary>A file that has to be fetched or made again.</summary>
/// <param name="File">Its name in the model.</param>
/// <param name="Path">Where its bytes are.</param>
/// <param name="Problem">What is wrong.</param>
internal sealed record DamagedFile(string File, string Path, string Problem);
