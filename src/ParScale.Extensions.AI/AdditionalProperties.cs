using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace ParScale.Extensions.AI;

/// <summary>The settings that chat options have no property for. Values come as .NET numbers and texts, or as JSON from a wire or a cache.</summary>
internal readonly struct AdditionalProperties(AdditionalPropertiesDictionary? properties)
{
    /// <summary>The streams to run with: P, or the name of a stream set.</summary>
    public StreamChoice? Streams() => Value("streams") switch
    {
        null => null,
        string name when name.Length > 0 => name,
        double count when count == Math.Floor(count) && count is >= 1 and <= int.MaxValue => (int)count,
        var other => throw Wrong("streams", other, "P, or the name of a stream set"),
    };

    /// <summary>A number; null when it is not given.</summary>
    public double? Number(string name) => Value(name) switch
    {
        null => null,
        double number => number,
        var other => throw Wrong(name, other, "a number"),
    };

    /// <summary>Variables of the chat template; null when none are given.</summary>
    public JsonObject? Variables()
    {
        const string name = "chat_template_kwargs";
        return Raw(name) switch
        {
            null => null,
            JsonObject variables => (JsonObject)variables.DeepClone(),
            JsonElement { ValueKind: JsonValueKind.Object } variables => JsonObject.Create(variables),
            var other => throw Wrong(name, other, "a JsonObject"),
        };
    }

    private object? Raw(string name) => properties is not null && properties.TryGetValue(name, out object? value) ? value : null;

    // A number of any type as double, a text as string.
    private object? Value(string name) => Raw(name) switch
    {
        JsonElement { ValueKind: JsonValueKind.Number } number => number.GetDouble(),
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString(),
        JsonElement { ValueKind: JsonValueKind.Null } => null,
        float single => double.Parse(single.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
        byte or short or int or long or double or decimal => Convert.ToDouble(Raw(name), CultureInfo.InvariantCulture),
        var other => other,
    };

    private static ParScaleException Wrong(string name, object? value, string expected) =>
        ParScaleException.Usage("AI-03", string.Create(CultureInfo.InvariantCulture, $"the additional property {name} is {value}; it must be {expected}"));
}
