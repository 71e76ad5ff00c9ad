using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using ParScale.Checkpoints;

namespace ParScale.Configuration;

/// <summary>
/// The keys of one JSON object of a config file, read one at a time, each with its type and range. Where faults are kept, a key that is
/// wrong counts as absent; one that must be there throws all the same.
/// </summary>
internal readonly struct ConfigObject(JsonElement root, string file, Faults? faults = null)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = CheckpointLimits.JsonDepth };

    public JsonElement Root => root;

    /// <summary>What is done with faults.</summary>
    public Faults Faults { get; } = faults ?? Faults.Thrown;

    /// <summary>Parses a whole file whose root must be an object. The caller disposes the document.</summary>
    public static JsonDocument Parse(ReadOnlySpan<byte> utf8Json, string file)
    {
        if (utf8Json.Length > CheckpointLimits.ConfigBytes)
            throw ParScaleException.BadInput("CF-02", file, $"is {utf8Json.Length} bytes; at most {CheckpointLimits.ConfigBytes} are read");
        if (utf8Json.StartsWith((ReadOnlySpan<byte>)[0xff, 0xfe]) || utf8Json.StartsWith((ReadOnlySpan<byte>)[0xfe, 0xff]))
            throw ParScaleException.BadInput("CF-01", file, "is text in UTF-16; save it as UTF-8");
        if (!Utf8.IsValid(utf8Json)) throw ParScaleException.BadInput("CF-01", file, "is not valid UTF-8");
        // Editors on Windows write a byte-order mark; it says nothing that is not known.
        if (utf8Json.StartsWith("\uFEFF"u8)) utf8Json = utf8Json[3..];
        utf8Json = NonFiniteNumbers.Replace(utf8Json);
        try
        {
            JsonDocument document = JsonDocument.Parse(utf8Json.ToArray(), Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
        }
        catch (JsonException e)
        {
            throw JsonFault.Describe(utf8Json, file, e);
        }
        catch (InvalidOperationException e)
        {
            throw ParScaleException.BadInput("CF-01", file, "holds half a surrogate pair in a key", e);
        }
        throw ParScaleException.BadInput("CF-01", file, "is not a JSON object");
    }

    /// <summary>An object that stands in this one, or below, of the same file.</summary>
    public ConfigObject Inner(JsonElement value) => new(value, file, Faults);

    /// <summary>
    /// Refuses a key that is not among those <paramref name="known"/>: what it asks for would not be done. Keys with null ask for nothing.
    /// </summary>
    /// <param name="name">The key that this object stands under, for the message.</param>
    /// <param name="code">The id of the error.</param>
    /// <param name="known">All keys that are read.</param>
    public void RequireKeys(string name, string code, params ReadOnlySpan<string> known)
    {
        foreach (string key in UnknownKeys(known))
            Faults.Add(ParScaleException.BadInput(code, file, $"{name}.{key} is not supported; {name} may only have {string.Join(", ", known)}"));
    }

    /// <summary>The first key that is not among those <paramref name="known"/> and has a value, fit to be printed; null when there is none.</summary>
    public string? UnknownKey(params ReadOnlySpan<string> known) => UnknownKeys(known).FirstOrDefault();

    private List<string> UnknownKeys(ReadOnlySpan<string> known)
    {
        List<string> unknown = [];
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null && !known.Contains(property.Name)) unknown.Add(ParScaleException.Quote(property.Name)[1..^1]);
        }
        return unknown;
    }

    /// <summary>Whether the key is there and not null.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>The value of a key; null when the key is absent or its value is null.</summary>
    public JsonElement? Find(string key) =>
        root.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A whole number from 1 to <paramref name="limit"/> that must be there.</summary>
    public int Size(string key, int limit) => Whole(key, Required(key), 1, limit, "CF-05");

    /// <summary>
    /// A whole number in a range; <paramref name="absent"/> when the key is not there. Outside the range is error
    /// <paramref name="code"/>, but a size (CF-05) over its limit is CF-06.
    /// </summary>
    public int Whole(string key, int absent, int least, int limit, string code)
    {
        if (!root.TryGetProperty(key, out JsonElement value)) return absent;
        ConfigObject self = this;
        return Faults.Try(() => self.Whole(key, value, least, limit, code), absent);
    }

    /// <summary>A whole number in a range that must be there.</summary>
    public int Whole(string key, int least, int limit, string code) => Whole(key, Required(key), least, limit, code);

    /// <summary>Checks one whole number; it may stand in a list under <paramref name="key"/>.</summary>
    public int Whole(string key, JsonElement value, int least, int limit, string code)
    {
        string range = $"a whole number from {least} to {limit}";
        // JSON has one kind of number: tools that know only floating point write 32 as 32.0 or 3.2e1. All limits are below 2^53.
        bool whole = value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double parsed) && parsed == Math.Truncate(parsed);
        if (!whole) throw Bad("CF-04", key, value, range);
        double number = value.GetDouble();
        if (number < least) throw Bad(code, key, value, range);
        if (number > limit) throw Bad(code == "CF-05" ? "CF-06" : code, key, value, range);
        return (int)number;
    }

    /// <summary>
    /// A finite number that <paramref name="allowed"/> accepts; <paramref name="absent"/> when the key is not there. Errors name the key
    /// with <paramref name="under"/> before it.
    /// </summary>
    public double Number(string key, double absent, Predicate<double> allowed, string range, string code, string under = "")
    {
        if (!root.TryGetProperty(key, out JsonElement value)) return absent;
        if (NonFiniteNumbers.Name(value) is not null) return Faults.Refuse(Bad(code, under + key, value, range), absent);
        if (value.ValueKind != JsonValueKind.Number) return Faults.Refuse(Bad("CF-04", under + key, value, range), absent);
        if (value.TryGetDouble(out double number) && double.IsFinite(number) && allowed(number)) return number;
        return Faults.Refuse(Bad(code, under + key, value, range), absent);
    }

    /// <summary>True or false; <paramref name="absent"/> when the key is not there or null, which Python takes for false too.</summary>
    public bool Flag(string key, bool absent)
    {
        if (Find(key) is not { } value) return absent;
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => Faults.Refuse(Bad("CF-04", key, value, "true or false"), absent),
        };
    }

    /// <summary>Text, or null when the key is absent or null.</summary>
    public string? Text(string key)
    {
        if (Find(key) is not { } value) return null;
        return value.ValueKind == JsonValueKind.String ? Text(key, value) : Faults.Refuse<string?>(Bad("CF-04", key, value, "text"), null);
    }

    /// <summary>The text of a string that stands under <paramref name="key"/>.</summary>
    public string Text(string key, JsonElement value)
    {
        try
        {
            return value.GetString() ?? "";
        }
        catch (InvalidOperationException e)
        {
            throw ParScaleException.BadInput("CF-04", file, $"{key} holds half a surrogate pair", e);
        }
    }

    /// <summary>The error for a key's value: names the file, the key, the value and what is allowed.</summary>
    public ParScaleException Bad(string code, string key, JsonElement value, string allowed)
    {
        string shown = value.ValueKind switch
        {
            JsonValueKind.Object => NonFiniteNumbers.Name(value) ?? "an object",
            JsonValueKind.Array => "a list",
            JsonValueKind.String => ParScaleException.Quote(Text(key, value)),
            _ => Shortened(value.GetRawText()),
        };
        return ParScaleException.BadInput(code, file, $"{key} is {shown}; expected {allowed}");
    }

    private static string Shortened(string number) =>
        number.Length <= 40
            ? number
            : string.Create(CultureInfo.InvariantCulture, $"{number.AsSpan(0, 40)}… ({number.Length} characters)");

    private JsonElement Required(string key) => root.TryGetProperty(key, out JsonElement value)
        ? value
        : throw ParScaleException.BadInput("CF-03", file, $"key {key} is missing; it is required");
}

/// <summary>Says where a config file stops being strict JSON, in terms of keys rather than bytes.</summary>
internal static class JsonFault
{
    /// <summary>Walks the text again up to the fault that <paramref name="reason"/> reports.</summary>
    public static ParScaleException Describe(ReadOnlySpan<byte> utf8Json, string file, JsonException reason)
    {
        if (JsonDepth.IsOverLimit(utf8Json))
            return ParScaleException.BadInput("CF-02", file, $"is nested deeper than {CheckpointLimits.JsonDepth} levels", reason);
        var reader = new Utf8JsonReader(utf8Json, new JsonReaderOptions { MaxDepth = CheckpointLimits.JsonDepth });
        var keys = new Stack<HashSet<string>>();
        string? last = null;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.StartObject) keys.Push(new HashSet<string>(StringComparer.Ordinal));
                else if (reader.TokenType == JsonTokenType.EndObject) keys.Pop();
                if (reader.TokenType != JsonTokenType.PropertyName) continue;
                last = reader.GetString() ?? "";
                if (!keys.Peek().Add(last))
                    return ParScaleException.BadInput("CF-01", file, $"key {ParScaleException.Quote(last)} appears twice", reason);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The fault that is reported below.
        }
        string where = last is null ? "" : $", at or after key {ParScaleException.Quote(last)}";
        return ParScaleException.BadInput("CF-01", file, $"is not valid JSON on line {reason.LineNumber + 1}{where}", reason);
    }
}
