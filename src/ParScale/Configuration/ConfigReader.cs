using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Configuration.Families;
using ParScale.Kernels.Formats;

namespace ParScale.Configuration;

/// <summary>Turns the JSON of <c>config.json</c> into a <see cref="CheckpointConfig"/>, one checked key at a time.</summary>
internal static class ConfigReader
{
    public static CheckpointConfig Read(ReadOnlySpan<byte> utf8Json, string file) => Read(utf8Json, file, Faults.Thrown)!;

    /// <summary>The same; null where faults are kept and the model is of an unknown family or lacks a size.</summary>
    public static CheckpointConfig? Read(ReadOnlySpan<byte> utf8Json, string file, Faults faults)
    {
        using JsonDocument document = ConfigObject.Parse(utf8Json, file);
        var json = new ConfigObject(document.RootElement, file, faults);
        string type = json.Text("model_type") ?? throw ParScaleException.BadInput("CF-03", file,
            $"key model_type is missing; it is required ({FamilyList.Names}, each also with _parscale or _parscale_anchored)");
        Family family = FamilyList.Of(type, file);
        string architecture = faults.Try(() => Architecture(json, type, family), type == family.StreamType ? family.StreamClass : family.PlainClass);
        RefuseOtherMathematics(json, file);
        MathematicsKeys.Require(json, family);
        var keys = new FamilyFile(json, file, family);
        ModelConfig? model = keys.HasSizes ? faults.Try<ModelConfig?>(() => family.Read(keys), null) : null;
        if (keys.HasSizes) faults.Try(() => CheckPaddingId(json, keys.Vocabulary));
        StreamConfig streams = type == family.PlainType ? StreamConfig.Plain
            : faults.Try(() => Streams(json, anchored: type == family.AnchoredType), StreamConfig.Plain);
        WeightDtype? quantized = faults.Try(() => QuantizationConfig.Read(json, file), null);
        if (model is null) return null;
        return new CheckpointConfig
        {
            ModelType = type,
            Architecture = architecture,
            Model = model with
            {
                EndOfTextIds = faults.Try(() => EndOfTextIds(json, keys.Vocabulary), null) ?? [],
                BeginOfTextId = json.Find("bos_token_id") is { } begin ? faults.Try<int?>(() => TokenId(json, "bos_token_id", begin, keys.Vocabulary), null) : null,
            },
            Streams = streams,
            QuantizedType = quantized,
            QuantizedFrom = QuantizationConfig.Source(json),
            Backbone = faults.Try(() => Backbone(json, streams.Count, file), null),
            StoredType = faults.Try(() => StoredType(json, file), null),
            Notices =
            [
                .. ConfigKeys.Notices(document.RootElement.EnumerateObject().Select(property => property.Name), family, file),
                .. keys.Notices.Select(notice => $"{Path.GetFileName(file)}: {notice}"),
            ],
        };
    }

    /// <summary>Takes from a <c>generation_config.json</c> the ids that end a text, and how it asks for tokens to be chosen.</summary>
    public static CheckpointConfig WithGeneration(CheckpointConfig config, ReadOnlySpan<byte> utf8Json, string file, Faults? faults = null)
    {
        faults ??= Faults.Thrown;
        using JsonDocument document = ConfigObject.Parse(utf8Json, file);
        // Nothing in it but ids is a fault: the reader of the settings turns what it cannot follow into notes.
        var json = new ConfigObject(document.RootElement, file);
        faults.Try(() => CheckPaddingId(json, config.Model.VocabularySize));
        config = config with { Generation = GenerationConfigReader.Read(json, file) };
        return faults.Try(() => EndOfTextIds(json, config.Model.VocabularySize), null) is { } ids ? config with { Model = config.Model with { EndOfTextIds = ids } } : config;
    }

    private static int[]? EndOfTextIds(ConfigObject json, int vocabulary)
    {
        const string key = "eos_token_id";
        if (json.Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) return [TokenId(json, key, value, vocabulary)];
        if (value.GetArrayLength() > ConfigLimits.EndOfTextIds)
            throw json.Bad("CF-13", key, value, $"at most {ConfigLimits.EndOfTextIds} ids");
        return [.. value.EnumerateArray().Select(id => TokenId(json, key, id, vocabulary)).Distinct()];
    }

    // No padding is ever run, but Transformers refuses such an id too, and a config that holds one belongs to another vocabulary.
    private static void CheckPaddingId(ConfigObject json, int vocabulary)
    {
        const string key = "pad_token_id";
        const int none = -1;
        if (json.Find(key) is { } value) json.Whole(key, value, none, vocabulary - 1, "CF-13");
    }

    private static int TokenId(ConfigObject json, string key, JsonElement value, int vocabulary) =>
        json.Whole(key, value, 0, vocabulary - 1, "CF-13");

    private static string Architecture(ConfigObject json, string type, Family family)
    {
        const string key = "architectures";
        bool anchored = type == family.AnchoredType;
        string usual = anchored ? family.AnchoredClass : type == family.StreamType ? family.StreamClass : family.PlainClass;
        if (json.Find(key) is not { } list) return usual;
        bool usable = list.ValueKind == JsonValueKind.Array && (list.GetArrayLength() == 0 || list[0].ValueKind == JsonValueKind.String);
        if (usable && list.GetArrayLength() == 0) return usual;
        if (!usable) throw json.Bad("CF-04", key, list, "a list of class names");

        // Another class may compute something else from tensors of the same names, and the text would be wrong without a sign.
        string name = json.Text(key, list[0]);
        if (anchored ? name == usual : name == family.PlainClass || name == family.StreamClass) return name;
        string allowed = anchored ? usual : $"{family.PlainClass} or {family.StreamClass}";
        throw json.Bad("CF-08", key, list[0], $"{allowed} for model_type {type}; correct the key only if the model is {(anchored ? "that" : "one of these")}");
    }

    private static BackboneReference? Backbone(ConfigObject json, int streams, string file)
    {
        const string key = "parscale_backbone";
        const int hashDigits = 32;
        if (json.Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Object) throw json.Bad("AD-04", key, value, "an object with path and xxh128");
        ConfigObject inner = json.Inner(value);
        inner.RequireKeys(key, "AD-04", "path", "xxh128", "xxh128_sample");
        string? sample = inner.Text("xxh128_sample");
        bool whole = inner.Text("path") is { Length: > 0 } place && !place.Contains('\0') && inner.Text("xxh128") is { Length: hashDigits };
        if (whole && sample is null or { Length: hashDigits } && streams > 1)
            return new BackboneReference(inner.Text("path")!, new BackboneHash(inner.Text("xxh128")!, sample));
        throw ParScaleException.BadInput("AD-04", file,
            $"{key} needs a path, an xxh128 of {hashDigits} digits and parscale_n above 1; write the add-on again");
    }

    private static StreamConfig Streams(ConfigObject json, bool anchored)
    {
        int count = json.Whole("parscale_n", 1, ConfigLimits.Streams, "CF-11");
        return new StreamConfig(
            count,
            count == 1 ? 0 : json.Whole("parscale_n_tokens", 48, 1, ConfigLimits.PrefixTokens, "CF-11"),
            json.Number("parscale_attn_smooth", StreamConfig.DefaultSmoothing, eps => eps is >= 0 and <= 1, "a number from 0 to 1", "CF-11"))
        {
            Elastic = Elastic(json, count),
            Anchored = anchored && count > 1,
        };
    }

    // The order does not matter, nor whether a number stands twice.
    private static int[] Elastic(ConfigObject json, int streams)
    {
        const string key = "parscale_elastic";
        if (json.Find(key) is not { } list) return [];
        if (list.ValueKind != JsonValueKind.Array) throw json.Bad("CF-04", key, list, $"a list of whole numbers from 1 to {streams}");
        return [.. list.EnumerateArray().Select(count => json.Whole(key, count, 1, streams, "CF-11")).Distinct().Order()];
    }

    /// <summary>Refuses what would make the same tensors mean another function.</summary>
    private static void RefuseOtherMathematics(ConfigObject json, string file)
    {
        foreach (string key in (ReadOnlySpan<string>)["enable_cross_attn", "enable_replica_rope", "use_bidirectional_attention"])
        {
            if (json.Flag(key, absent: false)) json.Faults.Add(ParScaleException.BadInput("CF-08", file, $"{key} is true; only false is supported"));
        }
        // Models for embeddings are made of this family too: there each token sees the later ones.
        if (!json.Flag("is_causal", absent: true)) json.Faults.Add(ParScaleException.BadInput("CF-08", file, "is_causal is false; only true is supported"));
    }

    // Transformers renamed the key, and files that passed through several versions have both.
    private static string? StoredType(ConfigObject json, string file)
    {
        string? old = json.Text("torch_dtype"), type = json.Text("dtype");
        if (old is null || type is null || Bare(old) == Bare(type)) return type ?? old;
        throw ParScaleException.BadInput("CF-15", file,
            $"torch_dtype is {ParScaleException.Quote(old)}, but dtype is {ParScaleException.Quote(type)}; keep the one that is right");

        static string Bare(string name) => name.StartsWith("torch.", StringComparison.Ordinal) ? name["torch.".Length..] : name;
    }
}
