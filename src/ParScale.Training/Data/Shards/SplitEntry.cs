using System.Text.Json.Serialization;

namespace ParScale.Training.Data.Shards;

/// <summary>The shards of the training or of the validation part.</summary>
internal sealed record SplitEntry
{
    public required long Documents { get; init; }
    public required long Tokens { get; init; }

    /// <summary>Tokens that are learned; the first of each document, which nothing predicts, counts.</summary>
    public required long LearnedTokens { get; init; }

    public required IReadOnlyList<ShardEntry> Shards { get; init; }

    [JsonIgnore]
    public bool IsMasked => LearnedTokens < Tokens;
}
