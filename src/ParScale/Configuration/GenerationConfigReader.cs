using System.Text.Json;

namespace ParScale.Configuration;

/// <summary>
/// Reads how <c>generation_config.json</c> asks for tokens to be chosen. No value in it makes a model unusable: one that cannot be
/// followed gives a notice that names it, and the default stays.
/// </summary>
internal static class GenerationConfigReader
{
    private const int MostNewTokens = 10_000_000;
    private const int MostStopStrings = 64;

    // Keys that change which token is chosen and are not supported, with the value that asks for nothing; null where any value asks.
    // Those for beams, encoders and caches change nothing here and are ignored.
    private static readonly (string Key, double? Off)[] Unsupported =
    [
        ("typical_p", 1), ("top_h", null), ("epsilon_cutoff", 0), ("eta_cutoff", 0), ("no_repeat_ngram_size", 0), ("frequency_penalty", 0),
        ("presence_penalty", 0), ("bad_words_ids", null), ("suppress_tokens", null), ("begin_suppress_tokens", null), ("sequence_bias", null),
        ("forced_bos_token_id", null), ("forced_eos_token_id", null), ("exponential_decay_length_penalty", null), ("min_length", 0),
        ("min_new_tokens", 0), ("penalty_alpha", 0), ("guidance_scale", 1), ("num_beams", 1), ("watermarking_config", null),
    ];

    /// <summary>The settings of a whole file.</summary>
    public static GenerationConfig Read(ConfigObject json, string file)
    {
        var notices = new List<string>();
        string name = Path.GetFileName(file);
        void Ignore(ParScaleException reason) => notices.Add($"{reason.Message}; the default is used");

        T? Setting<T>(Func<T?> read) where T : struct
        {
            try
            {
                return read();
            }
            catch (ParScaleException reason)
            {
                Ignore(reason);
                return null;
            }
        }

        double? Number(string key, Predicate<double> allowed, string range) =>
            Setting<double>(() => json.Has(key) ? json.Number(key, 0, allowed, range, "CF-04") : null);

        int? Whole(string key, int least, int most) => Setting<int>(() => json.Has(key) ? json.Whole(key, least, most, "CF-04") : null);

        bool greedy = Setting<bool>(() => !json.Flag("do_sample", absent: true)) ?? false;
        var config = new GenerationConfig
        {
            // Without sampling no temperature is asked for, whatever stands beside.
            Temperature = greedy ? 0 : Number("temperature", value => value is >= 0 and <= 100, "a number from 0 to 100"),
            // vLLM writes -1 where Transformers writes 0.
            TopK = Whole("top_k", -1, int.MaxValue) is { } topK ? Math.Max(0, topK) : null,
            TopP = Number("top_p", value => value is > 0 and <= 1, "a number above 0, at most 1"),
            MinP = Number("min_p", value => value is >= 0 and <= 1, "a number from 0 to 1"),
            RepetitionPenalty = Number("repetition_penalty", value => value is >= 0.01 and <= 100, "a number from 0.01 to 100"),
            MaxNewTokens = Whole("max_new_tokens", 1, MostNewTokens),
            Stop = StopStrings(json, Ignore),
        };
        string[] unsupported = [.. Unsupported.Where(entry => AsksFor(json, entry.Key, entry.Off)).Select(entry => entry.Key)];
        if (unsupported.Length > 0) notices.Add($"{name}: {string.Join(", ", unsupported)} not supported and left out; tokens are chosen without");
        return config with { Notices = notices };
    }

    private static string[] StopStrings(ConfigObject json, Action<ParScaleException> ignore)
    {
        const string key = "stop_strings";
        if (json.Find(key) is not { } value) return [];
        try
        {
            JsonElement[] list = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
            if (list.Length <= MostStopStrings && list.All(one => one.ValueKind == JsonValueKind.String && json.Text(key, one).Length > 0))
                return [.. list.Select(one => json.Text(key, one))];
            throw json.Bad("CF-04", key, value, $"a text, or a list of at most {MostStopStrings} texts");
        }
        catch (ParScaleException reason)
        {
            ignore(reason);
            return [];
        }
    }

    private static bool AsksFor(ConfigObject json, string key, double? off)
    {
        if (json.Find(key) is not { } value) return false;
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0) return false;
        return off is null || value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number) || number != off;
    }
}
