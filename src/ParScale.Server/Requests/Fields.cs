using System.Globalization;
using System.Text.Json;
using ParScale.Server.Http;

namespace ParScale.Server.Requests;

/// <summary>The fields of one object of a request. A null is an absent field; what is wrong is named with its whole path.</summary>
/// <param name="Json">The object.</param>
/// <param name="Path">Where it stands; empty for the body.</param>
internal readonly record struct Fields(JsonElement Json, string Path = "")
{
    /// <summary>The path of a field.</summary>
    public string At(string name) => Path.Length == 0 ? name : $"{Path}.{name}";

    /// <summary>A field's value; null when it is absent or null.</summary>
    public JsonElement? Get(string name) => Json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A text.</summary>
    public string? Text(string name) => Get(name) is { } value ? TextOf(value, At(name)) : null;

    /// <summary>A text that must be there.</summary>
    public string RequiredText(string name) => Text(name) ?? throw ApiException.Field(At(name), $"{At(name)} is missing");

    /// <summary>true or false.</summary>
    public bool? Flag(string name) => Get(name) is not { } value ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw ApiException.Field(At(name), $"{At(name)} must be true or false"),
    };

    /// <summary>A whole number within bounds.</summary>
    public long? Integer(string name, long least, long most)
    {
        if (Get(name) is not { } value) return null;
        return IntegerOf(value) is { } number && number >= least && number <= most ? number
            : throw ApiException.Field(At(name), string.Create(CultureInfo.InvariantCulture, $"{At(name)} must be a whole number from {least} to {most}"));
    }

    /// <summary>A number within bounds.</summary>
    public double? Number(string name, double least, double most, bool openBelow = false) =>
        Get(name) is { } value ? NumberOf(value, At(name), least, most, openBelow) : null;

    /// <summary>The number of a value, which must be one within bounds.</summary>
    public static double NumberOf(JsonElement value, string path, double least, double most, bool openBelow = false)
    {
        bool valid = value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)
            && number <= most && (openBelow ? number > least : number >= least);
        return valid ? value.GetDouble() : throw ApiException.Field(path, string.Create(CultureInfo.InvariantCulture,
            $"{path} must be a number {(openBelow ? "above" : "from")} {least} {(openBelow ? "up to" : "to")} {most}"));
    }

    /// <summary>An object.</summary>
    public Fields? Object(string name) => Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new Fields(value, At(name)) : throw ApiException.Field(At(name), $"{At(name)} must be an object");

    /// <summary>A list.</summary>
    public JsonElement? List(string name, int most)
    {
        if (Get(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) throw ApiException.Field(At(name), $"{At(name)} must be a list");
        return value.GetArrayLength() <= most ? value : throw ApiException.Field(At(name), $"{At(name)} has {value.GetArrayLength()} entries; at most {most} are read");
    }

    /// <summary>The text of a value, which must be one.</summary>
    public static string TextOf(JsonElement value, string path)
    {
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw ApiException.Field(path, $"{path} must be a text");
    }

    /// <summary>A list of token ids, each below the size of the vocabulary.</summary>
    public static int[] TokenIds(JsonElement list, string path, int vocabularySize) =>
        [.. list.EnumerateArray().Select((one, i) => IntegerOf(one) is { } id && id >= 0 && id < vocabularySize
            ? (int)id : throw ApiException.Field($"{path}[{i}]", $"{path}[{i}] must be a token id from 0 to {vocabularySize - 1}"))];

    /// <summary>A whole number, also when it is written as 1.0; null for anything else.</summary>
    public static long? IntegerOf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number) return null;
        if (value.TryGetInt64(out long number)) return number;
        return value.TryGetDouble(out double real) && Math.Abs(real) < 1L << 53 && real == Math.Floor(real) ? (long)real : null;
    }
}
