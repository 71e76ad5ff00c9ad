using System.Text.Json.Serialization;
using ParScale.Text.Chat.Tools;

namespace ParScale.Server.OpenAi;

/// <summary>A whole chat answer.</summary>
internal sealed record ChatCompletion(string Id, long Created, string Model, IReadOnlyList<ChatChoice> Choices, Usage Usage)
{
    public string Object { get; } = "chat.completion";

    public string SystemFingerprint { get; } = Fingerprint.Value;

    public Timings? Timings { get; init; }
}

/// <summary>One answer of several.</summary>
internal sealed record ChatChoice(int Index, ChatAnswer Message, string FinishReason)
{
    [JsonPropertyName("logprobs"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ChatLogProbs? LogProbs { get; init; }

    /// <summary>For each token, the weight of each stream.</summary>
    public IReadOnlyList<float[]?>? StreamWeights { get; init; }
}

/// <summary>What the assistant says.</summary>
internal sealed record ChatAnswer(string Role)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Content { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Refusal { get; init; }

    /// <summary>What the model thought first, as DeepSeek, llama.cpp and SGLang name it.</summary>
    public string? ReasoningContent { get; init; }

    public IReadOnlyList<WireToolCall>? ToolCalls { get; init; }
}

/// <summary>A part of a chat answer.</summary>
internal sealed record ChatCompletionChunk(string Id, long Created, string Model, IReadOnlyList<ChatChunkChoice> Choices)
{
    public string Object { get; } = "chat.completion.chunk";

    public string SystemFingerprint { get; } = Fingerprint.Value;

    public Usage? Usage { get; init; }

    public Timings? Timings { get; init; }
}

/// <summary>A part of one answer.</summary>
internal sealed record ChatChunkChoice(int Index, ChatDelta Delta)
{
    [JsonPropertyName("logprobs"), JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ChatLogProbs? LogProbs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }

    public IReadOnlyList<float[]?>? StreamWeights { get; init; }
}

/// <summary>What is new.</summary>
internal sealed record ChatDelta
{
    public string? Role { get; init; }

    public string? Content { get; init; }

    public string? ReasoningContent { get; init; }

    public IReadOnlyList<WireToolCall>? ToolCalls { get; init; }
}

/// <summary>A call of a tool; its place among the calls of the answer where that comes in parts.</summary>
internal sealed record WireToolCall(string Id, WireFunctionCall Function)
{
    public int? Index { get; init; }

    public string Type { get; } = "function";

    public static WireToolCall Of(ToolCall call) => new(call.Id, new WireFunctionCall(call.Name, call.Arguments));
}

/// <summary>The function that is called, and its arguments as a JSON text.</summary>
internal sealed record WireFunctionCall(string Name, string Arguments);

/// <summary>Log-probabilities of a chat answer's tokens.</summary>
internal sealed record ChatLogProbs(IReadOnlyList<ChatTokenLogProb> Content)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public object? Refusal { get; }
}

/// <summary>A token and its log-probability. Bytes are those of the token, which need not be whole characters.</summary>
internal sealed record ChatTokenLogProb(string Token, [property: JsonPropertyName("logprob")] double LogProb, IReadOnlyList<int> Bytes)
{
    [JsonPropertyName("top_logprobs")]
    public IReadOnlyList<ChatTokenLogProb>? TopLogProbs { get; init; }
}

/// <summary>Tokens used.</summary>
internal sealed record Usage(int PromptTokens, int CompletionTokens)
{
    public int TotalTokens => PromptTokens + CompletionTokens;

    public PromptTokenDetails? PromptTokensDetails { get; init; }

    public CompletionTokenDetails? CompletionTokensDetails { get; init; }

    /// <summary>P of the streams that ran.</summary>
    public int? Streams { get; init; }

    /// <summary>The mean number that ran for a new token, where some may rest.</summary>
    public double? MeanStreams { get; init; }

    /// <summary>By what it was decided which may: <c>router</c> or <c>entropy</c>.</summary>
    public string? StreamGate { get; init; }

    /// <summary>Tokens that the streams of an elastic model read when they no longer rested.</summary>
    public int? CatchUpTokens { get; init; }
}

/// <summary>Of the prompt's tokens, those that an earlier request had run.</summary>
internal sealed record PromptTokenDetails(int CachedTokens);

/// <summary>Of the answer's tokens, those of the thinking, its marks included.</summary>
internal sealed record CompletionTokenDetails(int ReasoningTokens);

/// <summary>How long it took, as llama.cpp names it.</summary>
internal sealed record Timings(int CacheN, int PromptN, double PromptMs, int PredictedN, double PredictedMs, double PredictedPerTokenMs, double PredictedPerSecond);

/// <summary>The build that answered: the same words mean the same text for the same seed.</summary>
internal static class Fingerprint
{
    public static string Version { get; } = typeof(LanguageModel).Assembly.GetName().Version!.ToString(3);

    public static string Value { get; } = $"parscale-{Version}";
}
