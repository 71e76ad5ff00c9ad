using System.Text.Json;
using System.Text.Json.Serialization;
using ParScale.Server.OpenAi;
using ParScale.Text.Chat.Tools;

namespace ParScale.Server.Responses;

/// <summary>A response: what was asked, and what came of it so far. Null where it has no value: clients expect the names.</summary>
internal sealed record Response(string Id, long CreatedAt, string Model, ResponseRequest.Echo Asked)
{
    public string Object { get; } = "response";

    /// <summary>in_progress, completed, incomplete or failed.</summary>
    public string Status { get; init; } = "in_progress";

    public IReadOnlyList<ResponseItem> Output { get; init; } = [];

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ResponseError? Error { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IncompleteDetails? IncompleteDetails { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ResponseUsage? Usage { get; init; }

    public Timings? Timings { get; init; }

    /// <summary>Nothing runs without a client that waits, and nothing is kept.</summary>
    public bool Background { get; }

    public bool Store { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? PreviousResponseId { get; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Instructions => Asked.Instructions;

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public long? MaxOutputTokens => Asked.MaxOutputTokens;

    public JsonElement Metadata => Asked.Metadata;

    public bool ParallelToolCalls => Asked.ParallelToolCalls;

    public double Temperature => Asked.Temperature;

    public double TopP => Asked.TopP;

    public JsonElement Text => Asked.Text;

    public JsonElement ToolChoice => Asked.ToolChoice;

    public JsonElement Tools => Asked.Tools;

    [JsonPropertyName("top_logprobs")]
    public int TopLogProbs => Asked.TopLogProbs ?? 0;

    public string Truncation { get; } = "disabled";

    // What was asked stands in the response itself.
    [JsonIgnore]
    public ResponseRequest.Echo Asked { get; } = Asked;
}

/// <summary>A part of the output: what the assistant thinks, what it says, or a call.</summary>
internal sealed record ResponseItem(string Type, string Id, string Status)
{
    public string? Role { get; init; }

    /// <summary>Of a reasoning, which has no summary here: its text is there.</summary>
    public IReadOnlyList<ResponseText>? Summary { get; init; }

    public IReadOnlyList<ResponseText>? Content { get; init; }

    public string? CallId { get; init; }

    public string? Name { get; init; }

    public string? Arguments { get; init; }

    public static ResponseItem Message(string id, string status, IReadOnlyList<ResponseText> content) => new("message", id, status) { Role = "assistant", Content = content };

    public static ResponseItem Reasoning(string id, string status, IReadOnlyList<ResponseText> content) => new("reasoning", id, status) { Summary = [], Content = content };

    public static ResponseItem Call(string id, ToolCall call) => new("function_call", id, "completed") { CallId = call.Id, Name = call.Name, Arguments = call.Arguments };
}

/// <summary>The text of a message, or of a reasoning.</summary>
internal sealed record ResponseText(string Text)
{
    public string Type { get; private init; } = "output_text";

    public IReadOnlyList<object>? Annotations { get; private init; } = [];

    [JsonPropertyName("logprobs")]
    public IReadOnlyList<ChatTokenLogProb>? LogProbs { get; init; } = [];

    /// <summary>For each token, the weight of each stream.</summary>
    public IReadOnlyList<float[]?>? StreamWeights { get; init; }

    public static ResponseText Reasoning(string text) => new(text) { Type = "reasoning_text", Annotations = null, LogProbs = null };
}

/// <summary>Why a response failed.</summary>
internal sealed record ResponseError(string Code, string Message);

/// <summary>Why a response is not whole.</summary>
internal sealed record IncompleteDetails(string Reason);

/// <summary>Tokens used.</summary>
internal sealed record ResponseUsage(int InputTokens, InputTokenDetails InputTokensDetails, int OutputTokens, OutputTokenDetails OutputTokensDetails, int TotalTokens)
{
    /// <summary>P of the streams that ran.</summary>
    public int? Streams { get; init; }

    public static ResponseUsage Of(Usage usage) => new(
        usage.PromptTokens, new InputTokenDetails(usage.PromptTokensDetails?.CachedTokens ?? 0), usage.CompletionTokens, new OutputTokenDetails(usage.CompletionTokensDetails?.ReasoningTokens ?? 0), usage.TotalTokens)
    {
        Streams = usage.Streams,
    };
}

/// <summary>Of the prompt's tokens, those that an earlier request had run.</summary>
internal sealed record InputTokenDetails(int CachedTokens);

/// <summary>Of the answer's tokens, those of the thinking, its marks included.</summary>
internal sealed record OutputTokenDetails(int ReasoningTokens);
