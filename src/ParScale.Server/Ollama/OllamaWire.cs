using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ParScale.Server.Http;
using ParScale.Server.OpenAi;
using ParScale.Text.Chat.Tools;

namespace ParScale.Server.Ollama;

/// <summary>An error.</summary>
internal sealed record OllamaError(string Error);

/// <summary>A part of an answer, or all of it: of <c>/api/chat</c> with a message, of <c>/api/generate</c> with a response. Durations in nanoseconds.</summary>
internal sealed record OllamaAnswer(string Model, string CreatedAt, bool Done)
{
    public OllamaMessage? Message { get; init; }

    public string? Response { get; init; }

    /// <summary>What the model thought before its response; of a message it stands there.</summary>
    public string? Thinking { get; init; }

    [JsonPropertyName("logprobs")]
    public IReadOnlyList<ChatTokenLogProb>? LogProbs { get; init; }

    /// <summary>For each token, the weight of each stream.</summary>
    public IReadOnlyList<float[]?>? StreamWeights { get; init; }

    /// <summary>stop, length or load; on the last part, as everything below.</summary>
    public string? DoneReason { get; init; }

    public long? TotalDuration { get; init; }

    /// <summary>0: models are loaded before the server takes requests.</summary>
    public long? LoadDuration { get; init; }

    public int? PromptEvalCount { get; init; }

    public long? PromptEvalDuration { get; init; }

    public int? EvalCount { get; init; }

    public long? EvalDuration { get; init; }

    /// <summary>P of the streams that ran.</summary>
    public int? Streams { get; init; }
}

/// <summary>What the assistant says.</summary>
internal sealed record OllamaMessage(string Role, string Content)
{
    public string? Thinking { get; init; }

    public IReadOnlyList<OllamaToolCall>? ToolCalls { get; init; }
}

/// <summary>A call of a tool.</summary>
internal sealed record OllamaToolCall(string Id, OllamaFunctionCall Function);

/// <summary>The function that is called, and its arguments: an object.</summary>
internal sealed record OllamaFunctionCall(string Name, RawJson Arguments)
{
    public static OllamaToolCall Of(ToolCall call) => new(call.Id, new OllamaFunctionCall(call.Name, new RawJson(call.Arguments)));
}

/// <summary>The models that are served.</summary>
internal sealed record OllamaModelList(IReadOnlyList<OllamaModel> Models);

/// <summary>One of them.</summary>
internal sealed record OllamaModel(string Name, string ModifiedAt, long Size, OllamaDetails Details)
{
    public string Model => Name;

    /// <summary>Ollama names the file; these models are folders.</summary>
    public string Digest { get; } = "";

    /// <summary>Set where models in memory are listed: they stay.</summary>
    public string? ExpiresAt { get; init; }

    public long? SizeVram { get; init; }
}

/// <summary>What kind of model.</summary>
internal sealed record OllamaDetails(string Family, string ParameterSize, string QuantizationLevel)
{
    public string ParentModel { get; } = "";

    public string Format { get; } = "safetensors";

    public IReadOnlyList<string> Families { get; } = [Family];
}

/// <summary>All about a model.</summary>
internal sealed record OllamaShown(string Template, string Parameters, OllamaDetails Details, JsonObject ModelInfo, IReadOnlyList<string> Capabilities, string ModifiedAt)
{
    public string Modelfile { get; } = "";
}

/// <summary>The build that answers.</summary>
internal sealed record OllamaVersion(string Version);
