using System.Text.Json;

namespace ParScale.Configuration;

/// <summary>The RoPE settings, which Transformers has kept in three places over its versions.</summary>
internal static class RopeConfig
{
    private const double AbsentTheta = 10000;

    /// <summary>The base of the frequencies; anything but unscaled RoPE over the whole head is refused.</summary>
    public static double Theta(ConfigObject json, string file)
    {
        RequireWholeHead(json);
        double? theta = json.Root.TryGetProperty("rope_theta", out _) ? ReadTheta(json) : null;
        foreach (string key in (ReadOnlySpan<string>)["rope_parameters", "rope_scaling"])
        {
            if (json.Find(key) is not { } value) continue;
            if (value.ValueKind != JsonValueKind.Object) throw json.Bad("CF-09", key, value, "an object or null");
            var inner = new ConfigObject(value, file);
            RequireUnscaled(inner, key);
            if (!inner.Has("rope_theta")) continue;
            double innerTheta = ReadTheta(inner);
            if (theta is { } outer && outer != innerTheta)
                throw ParScaleException.BadInput("CF-09", file, $"rope_theta differs from rope_theta under {key}; keep one");
            theta = innerTheta;
        }
        return theta ?? AbsentTheta;
    }

    private static double ReadTheta(ConfigObject json) => json.Number(
        "rope_theta", AbsentTheta, theta => theta is > 0 and <= ConfigLimits.RopeTheta, "a number above 0, at most 1e15", "CF-09");

    private static void RequireUnscaled(ConfigObject inner, string key)
    {
        RequireWholeHead(inner);
        foreach (string name in (ReadOnlySpan<string>)["rope_type", "type"])
        {
            if (inner.Find(name) is { } type && !(type.ValueKind == JsonValueKind.String && type.ValueEquals("default")))
                throw inner.Bad("CF-09", $"{key}.{name}", type, "\"default\": scaled RoPE is not supported");
        }
    }

    private static void RequireWholeHead(ConfigObject json)
    {
        const string key = "partial_rotary_factor";
        if (json.Has(key)) json.Number(key, 1, part => part == 1, "1: RoPE over a part of each head is not supported", "CF-09");
    }
}
