using System.Text.Json;

namespace ParScale.Generation.Constraints;

/// <summary>
/// The grammar of the JSON texts that satisfy a schema. It may be narrower than the schema (properties come in the order of the
/// schema, and none beside them), never wider: a keyword that cannot be enforced is refused by name.
/// </summary>
internal sealed class JsonSchemaGrammar
{
    private const int MostDepth = 64, MostSchemas = 10_000;

    // Keywords that say nothing about which values are valid.
    private static readonly HashSet<string> Annotations =
    [
        "$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "example", "deprecated", "readOnly",
        "writeOnly", "contentMediaType", "contentEncoding", "strict", "name",
    ];

    private readonly JsonElement _root;
    private readonly Dictionary<string, Grammar.Rule> _references = [];
    private int _depth, _count;

    private JsonSchemaGrammar(JsonElement root) => _root = root;

    /// <summary>Reads a schema.</summary>
    /// <exception cref="ParScaleException">It is malformed (JS-01) or asks for what cannot be enforced (JS-02); the message names the keyword.</exception>
    public static Grammar Read(JsonElement schema) => new JsonSchemaGrammar(schema).Value(schema, "schema");

    private Grammar Value(JsonElement schema, string place)
    {
        if (schema.ValueKind == JsonValueKind.True) return JsonText.Value;
        if (schema.ValueKind == JsonValueKind.False) throw Refused(place, "allows no value");
        if (schema.ValueKind != JsonValueKind.Object) throw Malformed(place, "must be an object, true or false");
        if (++_depth > MostDepth) throw Malformed(place, $"is nested more than {MostDepth} deep");
        if (++_count > MostSchemas) throw Malformed(place, $"has more than {MostSchemas} parts");
        Grammar value = new SchemaObject(schema, place) is var keys && keys.Get("$ref") is { } reference ? Reference(keys, reference)
            : keys.Get("const") is { } constant ? Constants(keys, [constant])
            : keys.Get("enum") is { } list ? Constants(keys, [.. keys.Array("enum", list)])
            : keys.Get("anyOf") is { } any ? Choices(keys, "anyOf", any)
            : keys.Get("oneOf") is { } one ? Choices(keys, "oneOf", one)
            : keys.Get("allOf") is { } all ? Only(keys, all)
            : Typed(keys);
        _depth--;
        return value;
    }

    // A rule of its own for each target, so that a schema may contain itself.
    private Grammar.Rule Reference(SchemaObject keys, JsonElement reference)
    {
        keys.RequireNoOther(Annotations, "$ref");
        string path = keys.Text("$ref", reference);
        if (_references.TryGetValue(path, out Grammar.Rule? known)) return known;
        if (path != "#" && !path.StartsWith("#/", StringComparison.Ordinal)) throw Refused($"{keys.Place}.$ref", "points outside the schema");
        JsonElement target = _root;
        foreach (string part in path.Length < 2 ? [] : path[2..].Split('/'))
        {
            string name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (target.ValueKind != JsonValueKind.Object || !target.TryGetProperty(name, out target)) throw Malformed($"{keys.Place}.$ref", $"{ParScaleException.Quote(path)} points nowhere");
        }
        var rule = new Grammar.Rule();
        _references[path] = rule;
        rule.Target = Value(target, path);
        // A rule that is only itself has no text at all.
        if (rule.Target is Grammar.Rule loop && loop == rule) throw Refused($"{keys.Place}.$ref", "refers to itself and to nothing else");
        return rule;
    }

    private static Grammar Constants(SchemaObject keys, JsonElement[] values)
    {
        keys.RequireNoOther(Annotations, "const", "enum", "type");
        string[] types = keys.Types();
        JsonElement[] fitting = [.. values.Where(value => types.Length == 0 || types.Any(type => Fits(value, type)))];
        if (fitting.Length == 0) throw Refused(keys.Place, "allows no value");
        return Grammar.Any([.. fitting.Select(value => Grammar.Text(value.GetRawText()))]);
    }

    private Grammar Choices(SchemaObject keys, string name, JsonElement list)
    {
        keys.RequireNoOther(Annotations, name);
        JsonElement[] schemas = [.. keys.Array(name, list)];
        if (schemas.Length == 0) throw Malformed($"{keys.Place}.{name}", "is empty");
        if (name == "oneOf" && !Disjoint(schemas)) throw Refused($"{keys.Place}.oneOf", "has choices that one value could meet together; use anyOf");
        return Grammar.Any([.. schemas.Select((schema, i) => Value(schema, $"{keys.Place}.{name}[{i}]"))]);
    }

    private Grammar Only(SchemaObject keys, JsonElement list)
    {
        keys.RequireNoOther(Annotations, "allOf");
        JsonElement[] schemas = [.. keys.Array("allOf", list)];
        return schemas is [JsonElement only] ? Value(only, $"{keys.Place}.allOf[0]") : throw Refused($"{keys.Place}.allOf", "has several schemas; write them as one");
    }

    private Grammar Typed(SchemaObject keys)
    {
        string[] types = keys.Types();
        if (types.Length == 0) types = keys.ImpliedTypes();
        if (types.Length == 0)
        {
            keys.RequireNoOther(Annotations);
            return JsonText.Value;
        }
        return Grammar.Any([.. types.Select(type => OfType(keys, type, types))]);
    }

    private Grammar OfType(SchemaObject keys, string type, string[] all)
    {
        // A keyword of another type in the list is that type's.
        keys.RequireNoOther(Annotations, ["type", .. all.SelectMany(SchemaObject.KeywordsOf)]);
        return type switch
        {
            "string" => SchemaStrings.Read(keys),
            "integer" => SchemaNumbers.Integers(keys),
            "number" => SchemaNumbers.Numbers(keys),
            "boolean" => JsonText.Boolean,
            "null" => JsonText.Null,
            "array" => Items(keys),
            _ => Members(keys),
        };
    }

    private Grammar Items(SchemaObject keys)
    {
        int least = keys.Count("minItems") ?? 0;
        int? most = keys.Count("maxItems");
        JsonElement[] first = keys.Get("prefixItems") is { } prefix ? [.. keys.Array("prefixItems", prefix)] : [];
        if (most < least) throw Refused($"{keys.Place}.maxItems", "is below minItems: no array fits");
        if (keys.Get("uniqueItems") is { ValueKind: not JsonValueKind.False }) throw Refused($"{keys.Place}.uniqueItems", "cannot be enforced");
        if (first.Length == 0)
        {
            if (keys.Get("items") is { ValueKind: JsonValueKind.False }) most = least == 0 ? 0 : throw Refused(keys.Place, "allows no array");
            Grammar item = most == 0 ? Grammar.Empty : keys.Get("items") is { } each ? Value(each, $"{keys.Place}.items") : JsonText.Value;
            return JsonText.ListOf("[", item, "]", least, most);
        }
        // A tuple: all of it, and nothing after it.
        if (most < first.Length || least > first.Length) throw Refused($"{keys.Place}.prefixItems", "does not fit minItems and maxItems");
        var parts = new List<Grammar> { Grammar.Text("["), JsonText.Space };
        for (int i = 0; i < first.Length; i++)
        {
            if (i > 0) parts.AddRange([JsonText.Space, Grammar.Text(","), JsonText.Space]);
            parts.Add(Value(first[i], $"{keys.Place}.prefixItems[{i}]"));
        }
        return Grammar.All([.. parts, JsonText.Space, Grammar.Text("]")]);
    }

    private Grammar Members(SchemaObject keys)
    {
        string[] required = keys.Get("required") is { } names ? [.. keys.Array("required", names).Select(name => keys.Text("required", name)).Distinct()] : [];
        var members = new List<(string Name, Grammar Value)>();
        if (keys.Get("properties") is { } properties)
        {
            if (properties.ValueKind != JsonValueKind.Object) throw Malformed($"{keys.Place}.properties", "must be an object");
            foreach (JsonProperty property in properties.EnumerateObject())
            {
                // What must not be there is left out.
                if (property.Value.ValueKind == JsonValueKind.False && !required.Contains(property.Name)) continue;
                members.Add((property.Name, Value(property.Value, $"{keys.Place}.properties.{property.Name}")));
            }
        }
        JsonElement? others = keys.Get("additionalProperties");
        Grammar Other() => others is { } schema ? Value(schema, $"{keys.Place}.additionalProperties") : JsonText.Value;
        foreach (string name in required.Except(members.Select(member => member.Name)).ToArray()) members.Add((name, Other()));
        if (members.Count == 0) return others is { ValueKind: JsonValueKind.False } ? JsonText.ListOf("{", Grammar.Empty, "}", 0, 0) : JsonText.MapOf(Other());
        return Grammar.All(Grammar.Text("{"), JsonText.Space, Members(members, required), JsonText.Space, Grammar.Text("}"));
    }

    // From the last to the first: what may follow when another came before, and when none did.
    private static Grammar Members(List<(string Name, Grammar Value)> members, string[] required)
    {
        Grammar comma = Grammar.All(JsonText.Space, Grammar.Text(","), JsonText.Space);
        (Grammar afterAnother, Grammar first) = (Grammar.Empty, Grammar.Empty);
        for (int i = members.Count - 1; i >= 0; i--)
        {
            (string name, Grammar value) = members[i];
            Grammar member = Grammar.All(JsonText.Member(Grammar.Text(JsonSerializer.Serialize(name, SchemaJson.Default.String)), value), afterAnother);
            Grammar next = Grammar.All(comma, member);
            bool needed = required.Contains(name);
            first = needed ? member : Grammar.Any(member, first);
            afterAnother = needed ? next : Grammar.Any(next, afterAnother);
        }
        return first;
    }

    // No value meets two of them: their types differ, or they are objects told apart by a constant that all require.
    private static bool Disjoint(JsonElement[] schemas)
    {
        if (schemas.Any(schema => schema.ValueKind != JsonValueKind.Object)) return false;
        string[] types = [.. schemas.Select(schema => schema.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String ? type.GetString()! : "")];
        bool numbers = types.Contains("number") && types.Contains("integer");
        if (!numbers && !types.Contains("") && types.Distinct().Count() == types.Length) return true;
        return schemas[0].TryGetProperty("properties", out JsonElement first) && first.ValueKind == JsonValueKind.Object
            && first.EnumerateObject().Any(property => Constant(schemas, property.Name) is { } values && values.Distinct().Count() == values.Length);
    }

    private static string[]? Constant(JsonElement[] schemas, string name)
    {
        var values = new List<string>();
        foreach (JsonElement schema in schemas)
        {
            bool required = schema.TryGetProperty("required", out JsonElement names) && names.ValueKind == JsonValueKind.Array
                && names.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.String && one.ValueEquals(name));
            if (!required || !schema.TryGetProperty("properties", out JsonElement properties) || properties.ValueKind != JsonValueKind.Object
                || !properties.TryGetProperty(name, out JsonElement property) || property.ValueKind != JsonValueKind.Object)
            {
                return null;
            }
            if (property.TryGetProperty("const", out JsonElement value)) values.Add(value.GetRawText());
            else if (property.TryGetProperty("enum", out JsonElement only) && only.ValueKind == JsonValueKind.Array && only.GetArrayLength() == 1) values.Add(only[0].GetRawText());
            else return null;
        }
        return [.. values];
    }

    private static bool Fits(JsonElement value, string type) => value.ValueKind switch
    {
        JsonValueKind.String => type == "string",
        JsonValueKind.Number => type == "number" || (type == "integer" && value.TryGetDecimal(out decimal number) && decimal.IsInteger(number)),
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        JsonValueKind.Null => type == "null",
        JsonValueKind.Array => type == "array",
        _ => type == "object",
    };

    internal static ParScaleException Malformed(string place, string what) => ParScaleException.Usage("JS-01", $"output schema: {place} {what}");

    internal static ParScaleException Refused(string place, string what) => ParScaleException.Usage("JS-02", $"output schema: {place} {what}");
}
