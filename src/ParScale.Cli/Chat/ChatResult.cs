using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ParScale.Cli.Chat;

/// <summary>One answer, in the JSON of <c>parscale chat</c>.</summary>
/// <param name="Text">The answer.</param>
/// <param name="Tokens">Number of new tokens.</param>
/// <param name="PromptTokens">Number of tokens of the whole conversation before it.</param>
/// <param name="CachedTokens">How many of them were taken from an earlier turn and not read again.</param>
/// <param name="FinishReason"><c>stop</c>, <c>length</c>, or <c>cancelled</c> after Ctrl+C.</param>
/// <param name="PrefillMs">Time to read the other tokens of the prompt, milliseconds.</param>
/// <param name="DecodeMsPerToken">Mean time of a decode step, milliseconds; 0 when there was none.</param>
/// <param name="Streams">Parallel streams P.</param>
internal sealed record ChatTurnResult(
    string Text, int Tokens, int PromptTokens, int CachedTokens, string FinishReason, double PrefillMs, double DecodeMsPerToken, int Streams)
{
    /// <summary>What the model thought before it; null when it did not.</summary>
    public string? Thinking { get; init; }

    /// <summary>The mean weight of each stream over the new tokens that have weights, [P], with a sum of 1; empty when there were none.</summary>
    public required IReadOnlyList<float> StreamWeights { get; init; }

    /// <summary>The seed of this answer.</summary>
    public required ulong Seed { get; init; }

    /// <summary>With <c>--streams auto</c>, the mean number of streams that ran for a new token.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MeanStreams { get; init; }

    /// <summary>With <c>--streams auto</c>, what decided: <c>router</c> or <c>entropy</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StreamGate { get; init; }

    /// <summary>With <c>--streams auto</c> and an elastic model, tokens that its streams read when they no longer rested.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? CatchUpTokens { get; init; }
}

/// <summary>The JSON of <c>parscale chat</c>: the last answer as the JSON of <c>parscale generate</c> has it, and all of them.</summary>
/// <param name="Text">The last answer.</param>
/// <param name="Tokens">Its number of tokens.</param>
/// <param name="PromptTokens">Number of tokens of the conversation before it.</param>
/// <param name="CachedTokens">How many of them were not read again.</param>
/// <param name="FinishReason">Why it ended.</param>
/// <param name="Streams">Its streams P.</param>
internal sealed record ChatResult(string Text, int Tokens, int PromptTokens, int CachedTokens, string FinishReason, int Streams)
{
    /// <summary>All answers in order, those of turns that were taken back too.</summary>
    public required IReadOnlyList<ChatTurnResult> Turns { get; init; }

    /// <summary>The conversation in the end.</summary>
    public required JsonNode Messages { get; init; }

    /// <summary>Format of the weights in memory.</summary>
    public required string Dtype { get; init; }

    /// <summary>What computed: <c>cpu</c>, or a device such as <c>vulkan:0</c>.</summary>
    public required string Device { get; init; }

    /// <summary>The kernel tier chosen for this machine.</summary>
    public required string Kernel { get; init; }

    /// <summary>Worker threads.</summary>
    public required int Threads { get; init; }
}
