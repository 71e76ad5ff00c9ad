using System.Text.Json;

namespace ParScale.Configuration;

/// <summary>The RoPE settings, which Transformers has kept in three places over its versions.</summary>
internal static class RopeConfig
{
    private const double AbsentTheta = 10000;
    private const string ThetaKey = "rope_theta";
    private const string PartKey = "partial_rotary_factor";
    private const string SectionKey = "mrope_section";

    /// <summary>The base of the frequencies; anything but unscaled RoPE over the whole head of all layers is refused.</summary>
    /// <param name="json">The config.</param>
    /// <param name="file">Its name, for errors.</param>
    /// <param name="notice">A line for the user, or null.</param>
    /// <exception cref="ParScaleException">CF-09.</exception>
    public static double Theta(ConfigObject json, string file, out string? notice)
    {
        notice = null;
        RequireWholeHead(json, "");
        double? theta = ReadTheta(json, "");
        foreach (string key in (ReadOnlySpan<string>)["rope_parameters", "rope_scaling"])
        {
            if (json.Find(key) is not { } value) continue;
            if (value.ValueKind != JsonValueKind.Object) throw json.Bad("CF-09", key, value, "an object or null");
            ConfigObject inner = json.Inner(value);
            RequireUnscaledType(inner, key);
            inner.RequireKeys(key, "CF-09", "rope_type", "type", ThetaKey, PartKey, "factor", SectionKey);
            RequireWholeHead(inner, $"{key}.");
            // A factor of 1 scales nothing, with any meaning it may have.
            if (inner.Has("factor")) inner.Number("factor", 1, factor => factor == 1, "1: scaled RoPE is not supported", "CF-09", $"{key}.");
            // Sections of a head turn by three positions, of time, height and width; in a text the three are one.
            if (inner.Has(SectionKey)) notice = $"{key}.{SectionKey} is ignored: all positions of a text are the same in each section";
            double? innerTheta = ReadTheta(inner, $"{key}.");
            if (theta is not null && innerTheta is not null && theta != innerTheta)
                throw ParScaleException.BadInput("CF-09", file, $"{ThetaKey} differs from {key}.{ThetaKey}; keep one");
            theta ??= innerTheta;
        }
        if (theta is null && json.Root.TryGetProperty(ThetaKey, out JsonElement nothing)) throw json.Bad("CF-04", ThetaKey, nothing, "a number");
        return theta ?? AbsentTheta;
    }

    private static double? ReadTheta(ConfigObject json, string under)
    {
        if (!json.Has(ThetaKey)) return null;
        return json.Number(ThetaKey, AbsentTheta, theta => theta is > 0 and <= ConfigLimits.RopeTheta, "a number above 0, at most 1e15", "CF-09", under);
    }

    private static void RequireUnscaledType(ConfigObject inner, string key)
    {
        foreach (string name in (ReadOnlySpan<string>)["rope_type", "type"])
        {
            if (inner.Find(name) is not { } type) continue;
            if (type.ValueKind == JsonValueKind.String && type.ValueEquals("default")) continue;
            // The types whose one parameter is the factor turn as unscaled RoPE does, for all positions of the model, when it is 1.
            bool byFactor = type.ValueKind == JsonValueKind.String && (type.ValueEquals("linear") || type.ValueEquals("dynamic") || type.ValueEquals("yarn"));
            if (!byFactor || inner.Find("factor") is not { ValueKind: JsonValueKind.Number } factor || factor.GetDouble() != 1) throw inner.Bad("CF-09", $"{key}.{name}", type, "\"default\": scaled RoPE is not supported");
        }
    }

    private static void RequireWholeHead(ConfigObject json, string under)
    {
        if (json.Has(PartKey)) json.Number(PartKey, 1, part => part == 1, "1: RoPE over a part of each head is not supported", "CF-09", under);
    }
}
