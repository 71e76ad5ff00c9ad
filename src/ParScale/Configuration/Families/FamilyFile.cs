using System.Text.Json;
using ParScale.Configuration.Rotations;

namespace ParScale.Configuration.Families;

/// <summary>A config while a <see cref="Family"/> reads it: the sizes that all families have, and the questions that many of them ask.</summary>
internal sealed class FamilyFile
{
    public const string FullAttention = "full_attention";
    public const string SlidingAttention = "sliding_attention";
    private readonly string _file;
    private readonly string _plainType;
    private readonly FamilyDefaults _defaults;

    public FamilyFile(ConfigObject json, string file, Family family)
    {
        (Json, _file, _plainType, _defaults) = (json, file, family.PlainType, family.Defaults);
        Layers = Size("num_hidden_layers", ConfigLimits.Layers);
        Positions = json.Has("max_position_embeddings")
            ? Faults.Try(() => json.Whole("max_position_embeddings", 1, ConfigLimits.Positions, "CF-05"), _defaults.Positions) : _defaults.Positions;
        Heads = Size("num_attention_heads", ConfigLimits.Heads);
        Hidden = Size("hidden_size", ConfigLimits.Hidden);
        KeyValueHeads = Heads == 0 ? 0 : Faults.Try(ReadKeyValueHeads, 0);
        HeadSize = Heads == 0 || Hidden == 0 ? 0 : Faults.Try(ReadHeadSize, 0);
        Intermediate = Size("intermediate_size", ConfigLimits.Intermediate);
        Vocabulary = Size("vocab_size", ConfigLimits.Vocabulary);
    }

    /// <summary>What is done with faults.</summary>
    public Faults Faults => Json.Faults;

    /// <summary>Whether all sizes were read; false only where faults are kept. Without them nothing is described.</summary>
    public bool HasSizes => !((int[])[Layers, Heads, Hidden, KeyValueHeads, HeadSize, Intermediate, Vocabulary]).Contains(0);

    /// <summary>The keys.</summary>
    public ConfigObject Json { get; }

    /// <summary>L.</summary>
    public int Layers { get; }

    /// <summary><c>max_position_embeddings</c></summary>
    public int Positions { get; }

    /// <summary>Query heads.</summary>
    public int Heads { get; }

    /// <summary>H.</summary>
    public int Hidden { get; }

    /// <summary>Key-value heads.</summary>
    public int KeyValueHeads { get; }

    /// <summary>D.</summary>
    public int HeadSize { get; }

    /// <summary><c>intermediate_size</c></summary>
    public int Intermediate { get; }

    /// <summary>V.</summary>
    public int Vocabulary { get; }

    /// <summary>1 / sqrt(D).</summary>
    public double Scale => AttentionConfig.UsualScale(HeadSize);

    /// <summary>Lines for the user.</summary>
    public List<string> Notices { get; } = [];

    /// <summary>A model whose layers are all the same.</summary>
    public ModelConfig Model(LayerConfig layer) => Model(_ => layer);

    /// <summary>A model with layers that may differ. Equal ones become one object.</summary>
    public ModelConfig Model(Func<int, LayerConfig> layer)
    {
        var same = new Dictionary<LayerConfig, LayerConfig>();
        var layers = new LayerConfig[Layers];
        for (int i = 0; i < layers.Length; i++)
        {
            LayerConfig one = layer(i);
            layers[i] = same.TryGetValue(one, out LayerConfig? known) ? known : same[one] = one;
        }
        return new ModelConfig
        {
            Family = _plainType,
            HiddenSize = Hidden,
            Layers = layers,
            AttentionHeads = Heads,
            KeyValueHeads = KeyValueHeads,
            HeadSize = HeadSize,
            VocabularySize = Vocabulary,
            MaxPositions = Context(layers.Select(one => one.Attention.Rotation).OfType<Rotation>().FirstOrDefault()),
            RmsNormEpsilon = Json.Number("rms_norm_eps", _defaults.Epsilon, eps => eps is > 0 and <= 1, "a number above 0, at most 1", "CF-10"),
            TieWordEmbeddings = Json.Flag("tie_word_embeddings", _defaults.Tied),
        };
    }

    /// <summary>A dense block without biases.</summary>
    public FeedForwardConfig FeedForward(string key = "hidden_act", Activation absent = Activation.Silu) =>
        new() { Width = Intermediate, Activation = ReadActivation(key, absent) };

    /// <summary>The rotation of all layers.</summary>
    public Rotation Rotation(double absentTheta = 10000) => Rotation(Rotations(absentTheta));

    /// <summary>The rotation that a reader finds.</summary>
    public Rotation Rotation(RotationReader reader) => Faults.Try(reader.Read, new DefaultRotation { Theta = reader.AbsentTheta, Size = HeadSize });

    /// <summary>A reader of rotations with what is special in a family.</summary>
    public RotationReader Rotations(double absentTheta = 10000, IReadOnlyDictionary<string, string>? types = null, bool mayBePartial = false) => new(Json, _file)
    {
        HeadSize = HeadSize,
        Positions = Positions,
        AbsentTheta = absentTheta,
        Types = types ?? RotationReader.UsualTypes,
        MayBePartial = mayBePartial,
        Notices = Notices,
    };

    /// <summary>True or false; false when the key is absent.</summary>
    public bool Flag(string key) => Json.Flag(key, absent: false);

    /// <summary>A number above 0; null when the key is null, <paramref name="absent"/> when there is none.</summary>
    public double? Positive(string key, double? absent) => !Json.Root.TryGetProperty(key, out JsonElement value) ? absent
        : value.ValueKind == JsonValueKind.Null ? null
        : Json.Number(key, 1, number => number is > 0 and <= 1e9, "a number above 0, at most 1e9", "CF-08");

    /// <summary>A number above 0; 1 when there is no such key.</summary>
    public double Multiplier(string key) => Json.Number(key, 1, number => number is > 0 and <= 1e9, "a number above 0, at most 1e9", "CF-08");

    /// <summary>The size of the windows, <c>sliding_window</c>; null when the key is null.</summary>
    /// <param name="absent">The size when there is no such key; null: none.</param>
    public int? Window(int? absent) => !Json.Root.TryGetProperty("sliding_window", out JsonElement value) ? absent
        : value.ValueKind == JsonValueKind.Null ? null
        : Faults.Try<int?>(() => Json.Whole("sliding_window", value, 1, int.MaxValue, "CF-08"), null);

    /// <summary>Which layers have windows, by <c>layer_types</c>; null when there is no such key.</summary>
    public bool[]? SlidingLayers() => Faults.Try(ReadSlidingLayers, null);

    private bool[]? ReadSlidingLayers()
    {
        const string key = "layer_types";
        if (Json.Find(key) is not { } types) return null;
        string allowed = $"a list of {Layers} (num_hidden_layers) times \"{FullAttention}\" or \"{SlidingAttention}\"";
        if (types.ValueKind != JsonValueKind.Array) throw Json.Bad("CF-08", key, types, allowed);
        if (types.GetArrayLength() != Layers)
            throw ParScaleException.BadInput("CF-08", _file, $"{key} has {types.GetArrayLength()} entries; expected {allowed}");
        var sliding = new bool[Layers];
        for (int i = 0; i < Layers; i++)
        {
            JsonElement type = types[i];
            sliding[i] = type.ValueKind == JsonValueKind.String && type.ValueEquals(SlidingAttention);
            if (!sliding[i] && (type.ValueKind != JsonValueKind.String || !type.ValueEquals(FullAttention)))
                throw Json.Bad("CF-08", $"{key}[{i}]", type, $"\"{FullAttention}\" or \"{SlidingAttention}\"");
        }
        return sliding;
    }

    /// <summary>
    /// The windows of families that look at <c>use_sliding_window</c>: [L], null where a layer sees all tokens before it.
    /// </summary>
    /// <param name="unlisted">Whether a layer has one when there are no <c>layer_types</c>.</param>
    /// <param name="absent">Their size where the file does not say; null: none.</param>
    public int?[] SwitchedWindows(Func<int, bool> unlisted, int? absent)
    {
        bool[]? listed = SlidingLayers();
        var windows = new int?[Layers];
        if (!Flag("use_sliding_window"))
        {
            int first = listed is null ? -1 : Array.IndexOf(listed, true);
            if (first < 0) return windows;
            return Faults.Refuse(ParScaleException.BadInput("CF-08", _file,
                $"layer_types[{first}] is \"{SlidingAttention}\"; expected \"{FullAttention}\" for every layer, because use_sliding_window is not true"), windows);
        }
        for (int i = 0; i < Layers; i++)
            if (listed?[i] ?? unlisted(i)) windows[i] = Window(absent);
        return windows;
    }

    private Activation ReadActivation(string key, Activation absent)
    {
        if (Json.Text(key) is not { } name) return absent;
        // Transformers knows the same function by two names.
        return name switch
        {
            "silu" or "swish" => Activation.Silu,
            "gelu_pytorch_tanh" => Activation.GeluTanh,
            _ => Faults.Refuse(ParScaleException.BadInput("CF-08", _file, $"{key} is {ParScaleException.Quote(name)}; supported are silu and gelu_pytorch_tanh"), absent),
        };
    }

    private int Size(string key, int limit) => Faults.Try(() => Json.Size(key, limit), 0);

    // Some scaled rotations are made for longer texts than max_position_embeddings says, which then is what the model was trained with.
    private int Context(Rotation? rotation)
    {
        double longest = rotation switch
        {
            YarnRotation yarn => yarn.OriginalPositions * yarn.Factor,
            // It goes on for any length; somewhere a budget must end.
            DynamicRotation dynamic => 2.0 * Positions * dynamic.Factor,
            _ => Positions,
        };
        return (int)Math.Clamp(longest, Positions, ConfigLimits.Positions);
    }

    private int ReadKeyValueHeads()
    {
        const string key = "num_key_value_heads";
        bool there = Json.Root.TryGetProperty(key, out JsonElement value);
        // Null says as many as query heads, in Transformers too.
        if (there ? value.ValueKind == JsonValueKind.Null : _defaults.AsManyKeyHeads) return Heads;
        int keyHeads = Json.Size(key, ConfigLimits.Heads);
        if (Heads % keyHeads == 0) return keyHeads;
        throw ParScaleException.BadInput("CF-07", _file, $"{key} is {keyHeads}; expected a divisor of num_attention_heads {Heads}");
    }

    private int ReadHeadSize()
    {
        bool given = Json.Has("head_dim"), divides = _defaults.HeadSize is null || Json.Root.TryGetProperty("head_dim", out _);
        if (!given && divides && Hidden % Heads != 0)
            throw ParScaleException.BadInput("CF-07", _file, $"hidden_size is {Hidden}; expected a multiple of num_attention_heads {Heads}");
        int size = given ? Json.Size("head_dim", ConfigLimits.HeadSize) : divides ? Hidden / Heads : _defaults.HeadSize!.Value;
        if (size % 2 == 0 && size <= ConfigLimits.HeadSize) return size;
        string source = given ? "head_dim" : "hidden_size / num_attention_heads";
        throw ParScaleException.BadInput("CF-07", _file, $"{source} is {size}; expected an even number, at most {ConfigLimits.HeadSize}");
    }
}
