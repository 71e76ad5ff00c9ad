using System.Text.Json;
using ParScale.Checkpoints;

namespace ParScale.Configuration;

/// <summary>Turns the JSON of <c>config.json</c> into a <see cref="CheckpointConfig"/>, one checked key at a time.</summary>
internal static class ConfigReader
{
    public const string ParScaleType = "qwen2_parscale";
    public const string PlainType = "qwen2";
    public const string ParScaleClass = "Qwen2ParScaleForCausalLM";
    public const string PlainClass = "Qwen2ForCausalLM";
    private static readonly string[] SamplingKeys = ["temperature", "top_k", "top_p", "min_p", "repetition_penalty"];

    public static CheckpointConfig Read(ReadOnlySpan<byte> utf8Json, string file)
    {
        using JsonDocument document = ConfigObject.Parse(utf8Json, file);
        var json = new ConfigObject(document.RootElement, file);
        string type = ModelType(json, file);
        RefuseOtherMathematics(json, file);
        int heads = json.Size("num_attention_heads", ConfigLimits.Heads);
        int hidden = json.Size("hidden_size", ConfigLimits.Hidden);
        int vocabulary = json.Size("vocab_size", ConfigLimits.Vocabulary);
        CheckPaddingId(json, vocabulary);
        StreamConfig streams = Streams(json, type);
        return new CheckpointConfig
        {
            ModelType = type,
            Architecture = Architecture(json, type),
            Model = new ModelConfig
            {
                HiddenSize = hidden,
                IntermediateSize = json.Size("intermediate_size", ConfigLimits.Intermediate),
                LayerCount = json.Size("num_hidden_layers", ConfigLimits.Layers),
                AttentionHeads = heads,
                KeyValueHeads = KeyValueHeads(json, heads, file),
                HeadSize = HeadSize(json, hidden, heads, file),
                VocabularySize = vocabulary,
                MaxPositions = json.Whole("max_position_embeddings", 32768, 1, ConfigLimits.Positions, "CF-05"),
                RmsNormEpsilon = json.Number("rms_norm_eps", 1e-6, eps => eps is > 0 and <= 1, "a number above 0, at most 1", "CF-10"),
                RopeTheta = RopeConfig.Theta(json, file),
                TieWordEmbeddings = json.Flag("tie_word_embeddings", absent: false),
                EndOfTextIds = EndOfTextIds(json, vocabulary) ?? [],
                BeginOfTextId = json.Find("bos_token_id") is { } begin ? TokenId(json, "bos_token_id", begin, vocabulary) : null,
            },
            Streams = streams,
            QuantizedType = QuantizationConfig.Read(json, file),
            QuantizedFrom = QuantizationConfig.Source(json),
            Backbone = Backbone(json, streams.Count, file),
            StoredType = json.Text("torch_dtype") ?? json.Text("dtype"),
            Notices = ConfigKeys.Notices(document.RootElement.EnumerateObject().Select(property => property.Name), file),
        };
    }

    /// <summary>Takes from a <c>generation_config.json</c> the ids that end a text. How tokens are chosen is the caller's to say.</summary>
    public static CheckpointConfig WithGeneration(CheckpointConfig config, ReadOnlySpan<byte> utf8Json, string file)
    {
        using JsonDocument document = ConfigObject.Parse(utf8Json, file);
        var json = new ConfigObject(document.RootElement, file);
        CheckPaddingId(json, config.Model.VocabularySize);
        string[] unread = [.. SamplingKeys.Where(json.Has)];
        if (unread.Length > 0)
        {
            string notice = $"{Path.GetFileName(file)}: {string.Join(", ", unread)} not read; choose sampling settings when generating";
            config = config with { Notices = [.. config.Notices, notice] };
        }
        return EndOfTextIds(json, config.Model.VocabularySize) is { } ids ? config with { Model = config.Model with { EndOfTextIds = ids } } : config;
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

    private static string ModelType(ConfigObject json, string file)
    {
        string type = json.Text("model_type")
            ?? throw ParScaleException.BadInput("CF-03", file,
                $"key model_type is missing; it is required ({ParScaleType} or {PlainType})");
        if (type is ParScaleType or PlainType) return type;
        throw ParScaleException.BadInput("CF-08", file,
            $"model_type is {ParScaleException.Quote(type)}; supported are {ParScaleType} and {PlainType}");
    }

    private static string Architecture(ConfigObject json, string type)
    {
        const string key = "architectures";
        if (json.Find(key) is not { } list) return type == ParScaleType ? ParScaleClass : PlainClass;
        bool usable = list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.String;
        if (!usable) throw json.Bad("CF-04", key, list, "a list of class names");

        // Another class may compute something else from tensors of the same names, and the text would be wrong without a sign.
        string name = json.Text(key, list[0]);
        return name is ParScaleClass or PlainClass ? name : throw json.Bad("CF-08", key, list[0],
            $"{PlainClass} or {ParScaleClass} for model_type {type}; correct the key only if the model is one of these");
    }

    private static int KeyValueHeads(ConfigObject json, int heads, string file)
    {
        int keyHeads = json.Size("num_key_value_heads", ConfigLimits.Heads);
        if (heads % keyHeads == 0) return keyHeads;
        throw ParScaleException.BadInput("CF-07", file,
            $"num_key_value_heads is {keyHeads}; expected a divisor of num_attention_heads {heads}");
    }

    private static int HeadSize(ConfigObject json, int hidden, int heads, string file)
    {
        bool given = json.Has("head_dim");
        if (!given && hidden % heads != 0)
            throw ParScaleException.BadInput("CF-07", file, $"hidden_size is {hidden}; expected a multiple of num_attention_heads {heads}");
        int size = given ? json.Size("head_dim", ConfigLimits.HeadSize) : hidden / heads;
        if (size % 2 == 0 && size <= ConfigLimits.HeadSize) return size;
        string source = given ? "head_dim" : "hidden_size / num_attention_heads";
        throw ParScaleException.BadInput("CF-07", file,
            $"{source} is {size}; expected an even number, at most {ConfigLimits.HeadSize}");
    }

    private static BackboneReference? Backbone(ConfigObject json, int streams, string file)
    {
        const string key = "parscale_backbone";
        const int hashDigits = 32;
        if (json.Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Object) throw json.Bad("AD-04", key, value, "an object with path and xxh128");
        var inner = new ConfigObject(value, file);
        string? sample = inner.Text("xxh128_sample");
        bool whole = inner.Text("path") is { Length: > 0 } place && !place.Contains('\0') && inner.Text("xxh128") is { Length: hashDigits };
        if (whole && sample is null or { Length: hashDigits } && streams > 1)
            return new BackboneReference(inner.Text("path")!, new BackboneHash(inner.Text("xxh128")!, sample));
        throw ParScaleException.BadInput("AD-04", file,
            $"{key} needs a path, an xxh128 of {hashDigits} digits and parscale_n above 1; write the add-on again");
    }

    private static StreamConfig Streams(ConfigObject json, string type)
    {
        if (type != ParScaleType) return StreamConfig.Plain;
        int count = json.Whole("parscale_n", 1, ConfigLimits.Streams, "CF-11");
        return new StreamConfig(
            count,
            count == 1 ? 0 : json.Whole("parscale_n_tokens", 48, 1, ConfigLimits.PrefixTokens, "CF-11"),
            json.Number("parscale_attn_smooth", StreamConfig.DefaultSmoothing, eps => eps is >= 0 and <= 1, "a number from 0 to 1", "CF-11"));
    }

    /// <summary>Refuses what would make the same tensors mean another function.</summary>
    private static void RefuseOtherMathematics(ConfigObject json, string file)
    {
        string activation = json.Text("hidden_act") ?? "silu";
        if (activation != "silu")
            throw ParScaleException.BadInput("CF-08", file, $"hidden_act is {ParScaleException.Quote(activation)}; only silu is supported");
        foreach (string key in (ReadOnlySpan<string>)["use_sliding_window", "enable_cross_attn", "enable_replica_rope"])
        {
            if (json.Has(key) && json.Flag(key, absent: false))
                throw ParScaleException.BadInput("CF-08", file, $"{key} is true; only false is supported");
        }
        if (json.Find("layer_types") is { } layers)
        {
            bool full = layers.ValueKind == JsonValueKind.Array
                && layers.EnumerateArray().All(type => type.ValueKind == JsonValueKind.String && type.ValueEquals("full_attention"));
            if (!full) throw ParScaleException.BadInput("CF-08", file, "layer_types holds something other than \"full_attention\"");
        }
    }
}
