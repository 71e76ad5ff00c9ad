using System.Text.Json.Serialization;

namespace ParScale.Server.OpenAi;

/// <summary>The models that are served.</summary>
internal sealed record ModelList(IReadOnlyList<ModelEntry> Data)
{
    public string Object { get; } = "list";
}

/// <summary>One of them.</summary>
internal sealed record ModelEntry(string Id, long Created, ModelFacts Meta, [property: JsonPropertyName("parscale_n")] int Streams,
    [property: JsonPropertyName("parscale_n_tokens")] int PrefixTokens)
{
    public string Object { get; } = "model";

    public string OwnedBy { get; } = "parscale";

    /// <summary>completion, and chat where the model has a template for it.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>The context, as vLLM names it.</summary>
    public int MaxModelLen => Meta.NCtxTrain;
}

/// <summary>Sizes, as llama.cpp names them.</summary>
internal sealed record ModelFacts(int NVocab, int NCtxTrain, int NEmbd, long NParams, long Size);

/// <summary>Token ids of a text.</summary>
internal sealed record TokenizeResult(IReadOnlyList<int> Tokens, int Count, int MaxModelLen);

/// <summary>The text of token ids, under both names that clients know.</summary>
internal sealed record DetokenizeResult(string Prompt, string Content);

/// <summary>What an evaluation harness asks of a tokenizer.</summary>
internal sealed record TokenizerInfo
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? EosToken { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? BosToken { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? PadToken { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? ChatTemplate { get; init; }
}

/// <summary>Messages as the template writes them.</summary>
internal sealed record TemplateResult(string Prompt);
