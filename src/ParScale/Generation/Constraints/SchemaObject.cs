using System.Text.Json;
using System.Text.Json.Serialization;

namespace ParScale.Generation.Constraints;

/// <summary>The keywords of one schema, read with their place in every error.</summary>
/// <param name="schema">An object.</param>
/// <param name="place">Where it stands.</param>
internal sealed class SchemaObject(JsonElement schema, string place)
{
    private static readonly Dictionary<string, string[]> Keywords = new()
    {
        ["string"] = ["minLength", "maxLength", "pattern", "format"],
        ["integer"] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
        ["number"] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
        ["boolean"] = [],
        ["null"] = [],
        ["array"] = ["items", "prefixItems", "minItems", "maxItems", "uniqueItems"],
        ["object"] = ["properties", "required", "additionalProperties"],
    };

    // Types with keywords of their own; integers have those of numbers.
    private static readonly string[] Implied = ["object", "array", "string", "number"];

    /// <summary>Where the schema stands.</summary>
    public string Place => place;

    /// <summary>The keywords that bear on values of a type.</summary>
    public static string[] KeywordsOf(string type) => Keywords[type];

    /// <summary>A keyword's value, or null.</summary>
    public JsonElement? Get(string name) => schema.TryGetProperty(name, out JsonElement value) ? value : null;

    /// <summary>Refuses keywords beside these.</summary>
    public void RequireNoOther(HashSet<string> annotations, params string[] known)
    {
        foreach (JsonProperty property in schema.EnumerateObject())
        {
            if (annotations.Contains(property.Name) || known.Contains(property.Name)) continue;
            throw JsonSchemaGrammar.Refused($"{place}.{property.Name}", known is ["$ref"] or ["anyOf"] or ["oneOf"] or ["allOf"]
                ? $"beside {known[0]} cannot be enforced" : "cannot be enforced");
        }
    }

    /// <summary>The types that the schema names; none when it names none.</summary>
    public string[] Types()
    {
        if (Get("type") is not { } type) return [];
        string[] types = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(one => Text("type", one)).Distinct()] : [Text("type", type)];
        foreach (string name in types)
        {
            if (!Keywords.ContainsKey(name))
                throw JsonSchemaGrammar.Malformed($"{place}.type", $"is {ParScaleException.Quote(name)}; it must be one of {string.Join(", ", Keywords.Keys)}");
        }
        // Every integer is a number.
        return types.Contains("number") ? [.. types.Where(name => name != "integer")] : types;
    }

    /// <summary>The type whose keywords are used, when none is named.</summary>
    public string[] ImpliedTypes()
    {
        string[] implied = [.. Implied.Where(type => Keywords[type].Any(name => Get(name) is not null))];
        return implied.Length < 2 ? implied : throw JsonSchemaGrammar.Refused(place, "has keywords of several types and names none");
    }

    /// <summary>A text.</summary>
    public string Text(string name, JsonElement value) => value.ValueKind != JsonValueKind.String
        ? throw JsonSchemaGrammar.Malformed($"{place}.{name}", "must be a text")
        : SchemaJson.TextOf(value) ?? throw JsonSchemaGrammar.Malformed($"{place}.{name}", "holds half a surrogate pair, which is no character");

    /// <summary>A list.</summary>
    public JsonElement.ArrayEnumerator Array(string name, JsonElement value) => value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray() : throw JsonSchemaGrammar.Malformed($"{place}.{name}", "must be a list");

    /// <summary>A count, 0 or more; null when the keyword is absent.</summary>
    public int? Count(string name)
    {
        if (Get(name) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int count) && count >= 0
            ? count : throw JsonSchemaGrammar.Malformed($"{place}.{name}", "must be a whole number, 0 or more");
    }
}

/// <summary>JSON without reflection.</summary>
[JsonSerializable(typeof(string))]
[JsonSourceGenerationOptions(UseStringEnumConverter = false)]
internal sealed partial class SchemaJson : JsonSerializerContext
{
    /// <summary>A text, or null when it is no Unicode.</summary>
    public static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
