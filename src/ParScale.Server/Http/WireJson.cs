using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ParScale.Server.Ollama;
using ParScale.Server.OpenAi;
using ParScale.Server.Responses;

namespace ParScale.Server.Http;

/// <summary>JSON on the wire: snake_case names, absent instead of null unless a record says otherwise.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatCompletionChunk))]
[JsonSerializable(typeof(TextCompletion))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelEntry))]
[JsonSerializable(typeof(TokenizeResult))]
[JsonSerializable(typeof(DetokenizeResult))]
[JsonSerializable(typeof(TokenizerInfo))]
[JsonSerializable(typeof(TemplateResult))]
[JsonSerializable(typeof(HealthResult))]
[JsonSerializable(typeof(Response))]
[JsonSerializable(typeof(ResponseEvent))]
[JsonSerializable(typeof(ItemEvent))]
[JsonSerializable(typeof(PartEvent))]
[JsonSerializable(typeof(TextDeltaEvent))]
[JsonSerializable(typeof(TextDoneEvent))]
[JsonSerializable(typeof(ReasoningDeltaEvent))]
[JsonSerializable(typeof(ReasoningDoneEvent))]
[JsonSerializable(typeof(ArgumentsDeltaEvent))]
[JsonSerializable(typeof(ArgumentsDoneEvent))]
[JsonSerializable(typeof(ResponseErrorEvent))]
[JsonSerializable(typeof(OllamaError))]
[JsonSerializable(typeof(OllamaAnswer))]
[JsonSerializable(typeof(OllamaModelList))]
[JsonSerializable(typeof(OllamaShown))]
[JsonSerializable(typeof(OllamaVersion))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class WireJson : JsonSerializerContext
{
    // Letters of every script as they are: bodies are JSON, never HTML.
    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>The context that answers are written with.</summary>
    public static WireJson Wire { get; } = new(Relaxed);
}

/// <summary>OpenAI's error object.</summary>
internal sealed record ErrorBody(ErrorDetail Error);

/// <summary>What went wrong.</summary>
internal sealed record ErrorDetail(string Message, string Type)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Param { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Code { get; init; }

    public static ErrorDetail Of(ApiException e) => new(e.Message, e.Type) { Param = e.Param, Code = e.Code };
}

/// <summary>The answer of <c>/health</c> and <c>/ready</c>, with the requests that run and wait.</summary>
internal sealed record HealthResult(string Status, int Running, int Waiting);
