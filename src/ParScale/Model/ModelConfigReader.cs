using System.Text.Json;
using ParScale.Quantization;

namespace ParScale.Model;

/// <summary>Turns the JSON of <c>config.json</c> into a <see cref="ModelConfig"/>, one checked key at a time.</summary>
internal static class ModelConfigReader
{
    public const string ParScaleType = "qwen2_parscale";
    public const string PlainType = "qwen2";
    public const string ParScaleClass = "Qwen2ParScaleForCausalLM";
    public const string PlainClass = "Qwen2ForCausalLM";
    private static readonly string[] SamplingKeys = ["temperature", "top_k", "top_p", "min_p", "repetition_penalty"];

    public static ModelConfig Read(ReadOnlySpan<byte> utf8Json, string file)
    {
        using JsonDocument document = ModelConfigJson.Parse(utf8Json, file);
        var json = new ModelConfigJson(document.RootElement, file);
        string type = ModelType(json, file);
        RefuseOtherMathematics(json, file);
        int heads = json.Size("num_attention_heads", ModelConfigLimits.Heads);
        int hidden = json.Size("hidden_size", ModelConfigLimits.Hidden);
        int vocabulary = json.Size("vocab_size", ModelConfigLimits.Vocabulary);
        CheckPaddingId(json, vocabulary);
        int streams = type == ParScaleType ? json.Whole("parscale_n", 1, ModelConfigLimits.Streams, "CF-11") : 1;
        return new ModelConfig
        {
            ModelType = type,
            Architecture = Architecture(json, type),
            HiddenSize = hidden,
            IntermediateSize = json.Size("intermediate_size", ModelConfigLimits.Intermediate),
            LayerCount = json.Size("num_hidden_layers", ModelConfigLimits.Layers),
            AttentionHeads = heads,
            KeyValueHeads = KeyValueHeads(json, heads, file),
            HeadSize = HeadSize(json, hidden, heads, file),
            VocabularySize = vocabulary,
            MaxPositions = json.Whole("max_position_embeddings", 32768, 1, ModelConfigLimits.Positions, "CF-05"),
            RmsNormEpsilon = json.Number("rms_norm_eps", 1e-6, eps => eps is > 0 and <= 1, "a number above 0, at most 1", "CF-10"),
            RopeTheta = ModelConfigRope.Theta(json, file),
            TieWordEmbeddings = json.Flag("tie_word_embeddings", absent: false),
            Streams = streams,
            PrefixTokens = streams == 1 ? 0 : json.Whole("parscale_n_tokens", 48, 1, ModelConfigLimits.PrefixTokens, "CF-11"),
            AttentionSmoothing = Smoothing(json, type),
            EndOfTextIds = EndOfTextIds(json, vocabulary) ?? [],
            BeginOfTextId = json.Find("bos_token_id") is { } begin ? TokenId(json, "bos_token_id", begin, vocabulary) : null,
            QuantizedType = QuantizationConfig.Read(json, file),
            Backbone = Backbone(json, streams, file),
            StoredType = json.Text("torch_dtype") ?? json.Text("dtype"),
            Notices = ModelConfigKeys.Notices(document.RootElement.EnumerateObject().Select(property => property.Name), file),
        };
    }

    /// <summary>Takes from a <c>generation_config.json</c> the ids that end a text. How tokens are chosen is the caller's to say.</summary>
    public static ModelConfig WithGeneration(ModelConfig config, ReadOnlySpan<byte> utf8Json, string file)
    {
        using JsonDocument document = ModelConfigJson.Parse(utf8Json, file);
        var json = new ModelConfigJson(document.RootElement, file);
        CheckPaddingId(json, config.VocabularySize);
        string[] unread = [.. SamplingKeys.Where(json.Has)];
        if (unread.Length > 0)
        {
            string notice = $"{Path.GetFileName(file)}: {string.Join(", ", unread)} not read; choose sampling settings when generating";
            config = config with { Notices = [.. config.Notices, notice] };
        }
        return EndOfTextIds(json, config.VocabularySize) is { } ids ? config with { EndOfTextIds = ids } : config;
    }

    private static int[]? EndOfTextIds(ModelConfigJson json, int vocabulary)
    {
        const string key = "eos_token_id";
        if (json.Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) return [TokenId(json, key, value, vocabulary)];
        if (value.GetArrayLength() > ModelConfigLimits.EndOfTextIds)
            throw json.Bad("CF-13", key, value, $"at most {ModelConfigLimits.EndOfTextIds} ids");
        return [.. value.EnumerateArray().Select(id => TokenId(json, key, id, vocabulary)).Distinct()];
    }

    // No padding is ever run, but Transformers refuses such an id too, and a config that holds one belongs to another vocabulary.
    private static void CheckPaddingId(ModelConfigJson json, int vocabulary)
    {
        const string key = "pad_token_id";
        const int none = -1;
        if (json.Find(key) is { } value) json.Whole(key, value, none, vocabulary - 1, "CF-13");
    }

    private static int TokenId(ModelConfigJson json, string key, JsonElement value, int vocabulary) =>
        json.Whole(key, value, 0, vocabulary - 1, "CF-13");

    private static string ModelType(ModelConfigJson json, string file)
    {
        string type = json.Text("model_type")
            ?? throw ParScaleException.BadInput("CF-03", file,
                $"key model_type is missing; it is required ({ParScaleType} or {PlainType})");
        if (type is ParScaleType or PlainType) return type;
        throw ParScaleException.BadInput("CF-08", file,
            $"model_type is {ParScaleException.Quote(type)}; supported are {ParScaleType} and {PlainType}");
    }

    private static string Architecture(ModelConfigJson json, string type)
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

    private static int KeyValueHeads(ModelConfigJson json, int heads, string file)
    {
        int keyHeads = json.Size("num_key_value_heads", ModelConfigLimits.Heads);
        if (heads % keyHeads == 0) return keyHeads;
        throw ParScaleException.BadInput("CF-07", file,
            $"num_key_value_heads is {keyHeads}; expected a divisor of num_attention_heads {heads}");
    }

    private static int HeadSize(ModelConfigJson json, int hidden, int heads, string file)
    {
        bool given = json.Has("head_dim");
        if (!given && hidden % heads != 0)
            throw ParScaleException.BadInput("CF-07", file, $"hidden_size is {hidden}; expected a multiple of num_attention_heads {heads}");
        int size = given ? json.Size("head_dim", ModelConfigLimits.HeadSize) : hidden / heads;
        if (size % 2 == 0 && size <= ModelConfigLimits.HeadSize) return size;
        string source = given ? "head_dim" : "hidden_size / num_attention_heads";
        throw ParScaleException.BadInput("CF-07", file,
            $"{source} is {size}; expected an even number, at most {ModelConfigLimits.HeadSize}");
    }

    private static BackboneReference? Backbone(ModelConfigJson json, int streams, string file)
    {
        const string key = "parscale_backbone";
        const int hashDigits = 32;
        if (json.Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Object) throw json.Bad("AD-04", key, value, "an object with path and xxh128");
        var inner = new ModelConfigJson(value, file);
        if (inner.Text("path") is { Length: > 0 } path && !path.Contains('\0') && inner.Text("xxh128") is { Length: hashDigits } hash && streams > 1)
            return new BackboneReference(path, hash);
        throw ParScaleException.BadInput("AD-04", file,
            $"{key} needs a path, an xxh128 of {hashDigits} digits and parscale_n above 1; write the add-on again");
    }

    private static double Smoothing(ModelConfigJson json, string type) => type == PlainType
        ? ModelConfig.DefaultAttentionSmoothing
        : json.Number(
            "parscale_attn_smooth", ModelConfig.DefaultAttentionSmoothing, eps => eps is >= 0 and <= 1, "a number from 0 to 1", "CF-11");

    /// <summary>Refuses what would make the same tensors mean another function.</summary>
    private static void RefuseOtherMathematics(ModelConfigJson json, string file)
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
