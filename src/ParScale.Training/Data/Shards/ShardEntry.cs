namespace ParScale.Training.Data.Shards;

/// <summary>
/// A shard in the index. Its files are NAME.tokens, NAME.documents (for every document the number of tokens up to its end, int64) and,
/// when not all tokens are learned, NAME.loss (one bit a token, lowest first), whose hash is null otherwise.
/// </summary>
internal sealed record ShardEntry
{
    public const string TokensSuffix = ".tokens";
    public const string DocumentsSuffix = ".documents";
    public const string LossSuffix = ".loss";

    public required string Name { get; init; }
    public required long Documents { get; init; }
    public required long Tokens { get; init; }
    public required string TokensSha256 { get; init; }
    public required string DocumentsSha256 { get; init; }
    public string? LossSha256 { get; init; }
}
