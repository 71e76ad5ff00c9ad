namespace ParScale.Hub;

/// <summary>One commit of one model in the cache.</summary>
public sealed record CachedSnapshot
{
    /// <summary>The model, at the branch or tag that stands for this commit, else at the commit.</summary>
    public required ModelName Name { get; init; }

    /// <summary>The commit, 40 hexadecimal digits.</summary>
    public required string Commit { get; init; }

    /// <summary>The folder in Hugging Face layout.</summary>
    public required string Folder { get; init; }

    /// <summary>Branches and tags that stand for this commit, as of the last fetch.</summary>
    public required IReadOnlyList<string> References { get; init; }

    /// <summary>The files that are there.</summary>
    public required IReadOnlyList<CachedFile> Files { get; init; }

    /// <summary>Files that a model needs and that are not there; empty when it can be loaded.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>When one of the files was last read, as far as the file system keeps that.</summary>
    public required DateTime LastUsed { get; init; }

    /// <summary>Bytes of all files. Snapshots of one model share those that did not change.</summary>
    public long Bytes => Files.Sum(file => file.Bytes);
}
