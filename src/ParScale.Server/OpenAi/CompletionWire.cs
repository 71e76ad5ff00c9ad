using System.Text.Json.Serialization;

namespace ParScale.Server.OpenAi;

/// <summary>A whole text completion, or a part of one.</summary>
internal sealed record TextCompletion(string Id, long Created, string Model, IReadOnlyList<TextChoice> Choices)
{
    public string Object { get; } = "text_completion";

    public string SystemFingerprint { get; } = Fingerprint.Value;

    public Usage? Usage { get; init; }

    public Timings? Timings { get; init; }
}

/// <summary>One continuation.</summary>
internal sealed record TextChoice(int Index, string Text)
{
    [JsonPropertyName("logprobs"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public TextLogProbs? LogProbs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }

    public IReadOnlyList<float[]?>? StreamWeights { get; init; }
}

/// <summary>
/// Log-probabilities as the old completions endpoint has them: four lists of one entry for each token. The first token of an echoed
/// prompt is predicted from nothing and has null. Offsets count code points from the beginning of the choice's text.
/// </summary>
internal sealed record TextLogProbs(
    IReadOnlyList<string> Tokens,
    [property: JsonPropertyName("token_logprobs")] IReadOnlyList<double?> TokenLogProbs,
    [property: JsonPropertyName("top_logprobs")] IReadOnlyList<IReadOnlyDictionary<string, double>?> TopLogProbs,
    IReadOnlyList<int> TextOffset);
