using System.Text.Json;

namespace ParScale.Configuration.Rotations;

/// <summary>
/// Reads the RoPE settings, which Transformers has kept in three places over its versions: <c>rope_parameters</c>, or
/// <c>rope_theta</c> and <c>rope_scaling</c>. What cannot be computed as the file asks is refused by name.
/// </summary>
internal sealed class RotationReader
{
    private const string ThetaKey = "rope_theta";
    private const string PartKey = "partial_rotary_factor";
    private const string SectionKey = "mrope_section";
    private const string OriginalKey = "original_max_position_embeddings";
    private static readonly string[] Places = ["rope_parameters", "rope_scaling"];

    private readonly ConfigObject _json;
    private readonly string _file;

    /// <param name="json">The config.</param>
    /// <param name="file">Its name, for errors.</param>
    public RotationReader(ConfigObject json, string file) => (_json, _file) = (json, file);

    /// <summary>D.</summary>
    public required int HeadSize { get; init; }

    /// <summary>The config's own <c>max_position_embeddings</c>.</summary>
    public required int Positions { get; init; }

    /// <summary>The base where the file has none.</summary>
    public double AbsentTheta { get; init; } = 10000;

    /// <summary>Whether a part of each head may turn.</summary>
    public bool MayBePartial { get; init; }

    /// <summary>The types that the family computes, and their older names.</summary>
    public required IReadOnlyDictionary<string, string> Types { get; init; }

    /// <summary>Lines for the user.</summary>
    public required List<string> Notices { get; init; }

    /// <summary>The types of most families.</summary>
    public static IReadOnlyDictionary<string, string> UsualTypes { get; } =
        new[] { "default", "linear", "dynamic", "llama3", "yarn", "longrope" }.ToDictionary(type => type);

    /// <summary>The one rotation of a model.</summary>
    /// <exception cref="ParScaleException">CF-09; CF-04 for a value of another kind.</exception>
    public Rotation Read()
    {
        (double? theta, double? part) = (Theta(_json, ""), Part(_json, ""));
        Rotation? found = null;
        foreach (string key in Places)
        {
            if (_json.Find(key) is not { } value) continue;
            Rotation rotation = Read(key, value, theta, part);
            if (found is not null && found != rotation)
                throw ParScaleException.BadInput("CF-09", _file, $"{Places[0]} and {Places[1]} ask for different rotations; keep one");
            found = rotation;
        }
        if (found is not null) return found;
        if (theta is null && _json.Root.TryGetProperty(ThetaKey, out JsonElement nothing)) throw _json.Bad("CF-04", ThetaKey, nothing, "a number");
        return new DefaultRotation { Theta = theta ?? AbsentTheta, Size = Size(part) };
    }

    /// <summary>The rotation of the settings in one object.</summary>
    /// <param name="key">The key that it stands under, for errors.</param>
    /// <param name="value">The object.</param>
    /// <param name="theta">The base given outside of it.</param>
    /// <param name="part">The part of a head given outside of it.</param>
    public Rotation Read(string key, JsonElement value, double? theta = null, double? part = null)
    {
        if (value.ValueKind != JsonValueKind.Object) throw _json.Bad("CF-09", key, value, "an object or null");
        ConfigObject inner = _json.Inner(value);
        string type = Type(inner, key);
        theta = Same(theta, Theta(inner, $"{key}."), key, ThetaKey) ?? AbsentTheta;
        int size = Size(Same(part, Part(inner, $"{key}."), key, PartKey));
        // A factor of 1 scales nothing, with any meaning that it has in these types.
        bool plain = type is "default" or "linear" or "dynamic" or "yarn" && !inner.Has("attention_factor")
            && inner.Find("factor") is { ValueKind: JsonValueKind.Number } one && one.GetDouble() == 1;
        return plain || type == "default" ? Plain(inner, key, type, theta.Value, size)
            : type == "linear" ? Linear(inner, key, theta.Value, size)
            : type == "dynamic" ? Dynamic(inner, key, theta.Value, size)
            : type == "llama3" ? Llama3(inner, key, theta.Value, size)
            : type == "yarn" ? Yarn(inner, key, theta.Value, size)
            : Long(inner, key, theta.Value, size);
    }

    private DefaultRotation Plain(ConfigObject inner, string key, string type, double theta, int size)
    {
        if (type == "yarn") RequireKeys(inner, key, "factor", OriginalKey, "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate");
        else RequireKeys(inner, key, "factor", SectionKey);
        if (inner.Has("factor")) inner.Number("factor", 1, factor => factor == 1, "1, or a rope_type that scales", "CF-09", $"{key}.");
        // Sections of a head turn by three positions, of time, height and width; in a text the three are one.
        if (inner.Has(SectionKey)) Notices.Add($"{key}.{SectionKey} is ignored: all positions of a text are the same in each section");
        return new DefaultRotation { Theta = theta, Size = size };
    }

    private LinearRotation Linear(ConfigObject inner, string key, double theta, int size)
    {
        RequireKeys(inner, key, "factor");
        return new LinearRotation { Theta = theta, Size = size, Factor = Factor(inner, key) };
    }

    private DynamicRotation Dynamic(ConfigObject inner, string key, double theta, int size)
    {
        RequireKeys(inner, key, "factor", OriginalKey);
        if (size == 2) throw ParScaleException.BadInput("CF-09", _file, $"{key} is dynamic, which needs more than two numbers of a head to turn");
        return new DynamicRotation { Theta = theta, Size = size, Factor = Factor(inner, key), TrainedPositions = Positions };
    }

    private Llama3Rotation Llama3(ConfigObject inner, string key, double theta, int size)
    {
        RequireKeys(inner, key, "factor", "low_freq_factor", "high_freq_factor", OriginalKey);
        double low = Positive(inner, key, "low_freq_factor");
        return new Llama3Rotation
        {
            Theta = theta,
            Size = size,
            Factor = Factor(inner, key),
            LowFrequencyFactor = low,
            HighFrequencyFactor = Number(inner, key, "high_freq_factor", high => high > low && high <= ConfigLimits.RopeTheta, $"a number above low_freq_factor {low:R}"),
            OriginalPositions = Original(inner, key),
        };
    }

    private YarnRotation Yarn(ConfigObject inner, string key, double theta, int size)
    {
        RequireKeys(inner, key, "factor", OriginalKey, "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate");
        if (theta == 1) throw ParScaleException.BadInput("CF-09", _file, $"{key} is yarn, which needs a {ThetaKey} other than 1");
        double factor = Factor(inner, key);
        double Given(string name) => inner.Has(name) ? Number(inner, key, name, value => value is >= 0 and <= 1e6, "a number from 0 to 1e6") : 0;
        double Growth(double scale) => factor <= 1 ? 1 : 0.1 * scale * Math.Log(factor) + 1;
        double scale = Given("mscale"), all = Given("mscale_all_dim");
        return new YarnRotation
        {
            Theta = theta,
            Size = size,
            Factor = factor,
            OriginalPositions = Original(inner, key),
            FastTurns = inner.Has("beta_fast") ? Positive(inner, key, "beta_fast") : 32,
            SlowTurns = inner.Has("beta_slow") ? Positive(inner, key, "beta_slow") : 1,
            WholeIndices = inner.Flag("truncate", absent: true),
            AttentionFactor = inner.Has("attention_factor") ? Positive(inner, key, "attention_factor")
                : scale != 0 && all != 0 ? Growth(scale) / Growth(all) : Growth(1),
        };
    }

    private LongRotation Long(ConfigObject inner, string key, double theta, int size)
    {
        RequireKeys(inner, key, "short_factor", "long_factor", "factor", "attention_factor", OriginalKey, "short_mscale", "long_mscale");
        foreach (string name in (ReadOnlySpan<string>)["short_mscale", "long_mscale"])
        {
            // One model of the family has them, and its own code reads them; that of Transformers does not.
            if (inner.Find(name) is { } value) throw _json.Bad("CF-09", $"{key}.{name}", value, "no such key: lengths of vectors that differ by length are not supported");
        }
        int original = Original(inner, key);
        double factor = inner.Has("factor") ? Factor(inner, key) : (double)Positions / original;
        return new LongRotation
        {
            Theta = theta,
            Size = size,
            ShortFactors = Factors(inner, key, "short_factor", size / 2),
            LongFactors = Factors(inner, key, "long_factor", size / 2),
            OriginalPositions = original,
            AttentionFactor = inner.Has("attention_factor") ? Positive(inner, key, "attention_factor")
                : factor <= 1 ? 1 : Math.Sqrt(1 + Math.Log(factor) / Math.Log(original)),
        };
    }

    private string Type(ConfigObject inner, string key)
    {
        string? found = null;
        foreach (string name in (ReadOnlySpan<string>)["rope_type", "type"])
        {
            if (inner.Find(name) is not { } type) continue;
            string allowed = $"one of {string.Join(", ", Types.Keys)}";
            if (type.ValueKind != JsonValueKind.String || !Types.TryGetValue(_json.Text($"{key}.{name}", type), out string? known)) throw _json.Bad("CF-09", $"{key}.{name}", type, allowed);
            if (found is not null && found != known) throw _json.Bad("CF-09", $"{key}.{name}", type, $"\"{found}\", as {key}.rope_type says");
            found = known;
        }
        return found ?? "default";
    }

    // The top-level key comes first, then that of the settings, then the context itself.
    private int Original(ConfigObject inner, string key) =>
        _json.Has(OriginalKey) ? _json.Whole(OriginalKey, 2, ConfigLimits.Positions, "CF-09")
        : inner.Find(OriginalKey) is { } value ? inner.Whole($"{key}.{OriginalKey}", value, 2, ConfigLimits.Positions, "CF-09")
        : Math.Max(2, Positions);

    private static void RequireKeys(ConfigObject inner, string key, params ReadOnlySpan<string> own) =>
        inner.RequireKeys(key, "CF-09", ["rope_type", "type", ThetaKey, PartKey, .. own]);

    private double[] Factors(ConfigObject inner, string key, string name, int count)
    {
        if (inner.Find(name) is not { } list) throw ParScaleException.BadInput("CF-09", _file, $"{key}.{name} is missing; longrope needs {count} factors");
        string allowed = $"a list of {count} numbers above 0, one for every two numbers of a head that turn";
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() != count) throw inner.Bad("CF-09", $"{key}.{name}", list, allowed);
        double One(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number is > 0 and <= 1e9
            ? number : throw inner.Bad("CF-09", $"{key}.{name}", value, allowed);
        return [.. list.EnumerateArray().Select(One)];
    }

    private double Factor(ConfigObject inner, string key) => Number(inner, key, "factor", value => value is >= 1 and <= 1e6, "a number from 1 to 1e6");

    private double Positive(ConfigObject inner, string key, string name) => Number(inner, key, name, value => value is > 0 and <= 1e6, "a number above 0, at most 1e6");

    private double Number(ConfigObject inner, string key, string name, Predicate<double> allowed, string range) => inner.Has(name)
        ? inner.Number(name, 0, allowed, range, "CF-09", $"{key}.")
        : throw ParScaleException.BadInput("CF-09", _file, $"{key}.{name} is missing; expected {range}");

    private double? Same(double? outside, double? inside, string key, string name)
    {
        if (outside is not null && inside is not null && outside != inside)
            throw ParScaleException.BadInput("CF-09", _file, $"{name} differs from {key}.{name}; keep one");
        return inside ?? outside;
    }

    private static double? Theta(ConfigObject json, string under) => json.Has(ThetaKey)
        ? json.Number(ThetaKey, 0, theta => theta is > 0 and <= ConfigLimits.RopeTheta, "a number above 0, at most 1e15", "CF-09", under)
        : null;

    private double? Part(ConfigObject json, string under)
    {
        if (!json.Has(PartKey)) return null;
        return MayBePartial
            ? json.Number(PartKey, 1, part => part is > 0 and <= 1, "a number above 0, at most 1", "CF-09", under)
            : json.Number(PartKey, 1, part => part == 1, "1: this family turns whole heads", "CF-09", under);
    }

    private int Size(double? part)
    {
        int size = (int)(HeadSize * (part ?? 1));
        if (size >= 2 && size % 2 == 0) return size;
        throw ParScaleException.BadInput("CF-09", _file, $"{PartKey} lets {size} numbers of each head turn; expected an even number");
    }
}
