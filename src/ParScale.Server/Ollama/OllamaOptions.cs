using System.Text.Json;
using ParScale.Generation;
using ParScale.Server.Http;
using ParScale.Server.Requests;

namespace ParScale.Server.Ollama;

/// <summary>
/// Reads <c>options</c>. What the engine has is used, what only says how a model is loaded changes nothing here, and every other option is
/// refused by name, because it could change the text.
/// </summary>
internal static class OllamaOptions
{
    private static readonly string[] Known =
    [
        "num_predict", "temperature", "top_k", "top_p", "min_p", "seed", "stop", "repeat_penalty", "repetition_penalty", "presence_penalty", "frequency_penalty",
        "logit_bias", "min_tokens", "ignore_eos", "repeat_last_n", "penalize_newline", "typical_p", "tfs_z", "mirostat",
        // Without Mirostat these two have no effect; without a shift of the context neither has the third.
        "mirostat_tau", "mirostat_eta", "num_keep",
    ];

    private static readonly string[] OfLoading =
    [
        "num_ctx", "num_batch", "num_gpu", "main_gpu", "num_gqa", "num_thread", "numa", "low_vram", "f16_kv", "use_mmap", "use_mlock", "vocab_only",
        "logits_all", "embedding_only",
    ];

    // Ways of choosing that the engine does not have, each with the value that turns it off.
    private static readonly (string Name, double Off)[] Lacking = [("typical_p", 1), ("tfs_z", 1), ("mirostat", 0)];

    /// <summary>The options of a body; an empty object if it has none.</summary>
    /// <exception cref="ApiException">One is not known, or asks for what the engine does not have.</exception>
    public static Fields Read(Fields body)
    {
        Fields options = body.Object("options") ?? new Fields(JsonElement.Parse("{}"), "options");
        foreach (JsonProperty one in options.Json.EnumerateObject())
        {
            if (Known.Contains(one.Name) || OfLoading.Contains(one.Name)) continue;
            throw ApiException.Field(options.At(one.Name), $"options.{ParScaleException.Escape(one.Name)} is not known and could change the text; leave it out");
        }
        foreach ((string name, double off) in Lacking)
        {
            if (options.Number(name, double.MinValue, double.MaxValue) is { } value && value != off)
                throw ApiException.Field(options.At(name), FormattableString.Invariant($"options.{name} is not supported; leave it out or send {off}"));
        }
        return options;
    }

    /// <summary>Most new tokens; below 0 where only the context is to be a limit (-1 and -2); null where the request does not say.</summary>
    public static long? Limit(Fields options) => options.Integer("num_predict", -2, int.MaxValue) is not 0 and var most ? most
        : throw ApiException.Field(options.At("num_predict"), "options.num_predict must be at least 1, or -1 for no limit but the context");

    /// <summary>What was read, as Ollama means it.</summary>
    public static SamplingOptions Adapt(Fields options, SamplingOptions sampling, int context)
    {
        bool? newline = options.Flag("penalize_newline");
        long? last = options.Integer("repeat_last_n", -1, int.MaxValue);
        bool isPenalized = sampling.RepetitionPenalty != 1 || sampling.PresencePenalty != 0 || sampling.FrequencyPenalty != 0;
        if (!isPenalized) return sampling;
        if (newline == false) throw ApiException.Field(options.At("penalize_newline"), "options.penalize_newline must be true beside a penalty; every token counts");
        return last switch
        {
            0 => sampling with { RepetitionPenalty = 1, PresencePenalty = 0, FrequencyPenalty = 0 },
            > 0 when last < context => throw ApiException.Field(options.At("repeat_last_n"), "options.repeat_last_n must be -1, or 0 for no penalties; every token of the text counts"),
            _ => sampling,
        };
    }
}
