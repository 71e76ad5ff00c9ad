using System.Text.Json;
using System.Text.Json.Nodes;

namespace ParScale.Server.Tests.OpenApi;

/// <summary>Makes bodies of the schemas of the document: right ones, and ones that are wrong in some way. The same seed makes the same body.</summary>
internal sealed class BodyGenerator(ApiDocument document, int vocabulary, int seed)
{
    // What stands in the text in place of these cannot be made by a writer of JSON.
    private static readonly (string Mark, string Raw)[] RawValues =
    [
        ("@huge", "1e400"), ("@long", "123456789012345678901234567890"), ("@minus", "-0"), ("@small", "1e-400"), ("@half", "\"\\ud800\""), ("@word", "NaN"),
        ("@deep", new string('[', 70) + new string(']', 70)), ("@deeper", new string('[', 3000) + new string(']', 3000)), ("@zero", "\"a\\u0000\\u0007\\u001b[2J\""),
    ];

    private static readonly string[] Texts = ["hello", "the", "a b", "", "déjà vu ☃", "😀", "<|im_end|>", "{\"a\": 1}", "../../etc/passwd", "' OR 1=1 --", "${jndi:x}"];

    private static readonly string[] Schemas =
    [
        """{"type": "boolean"}""", """{"enum": ["one", "two", 3]}""", """{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}""",
        """{"type": "array", "items": {"type": "boolean"}, "maxItems": 3}""", """{"type": "string", "pattern": "^a{1,5}$"}""", """{"$ref": "#/nowhere"}""", """{"type": "strin"}""", "{}",
    ];

    private readonly Random _random = new(seed);

    /// <summary>Whether the body that was made follows its schema.</summary>
    public bool IsRight { get; private set; }

    /// <summary>A body for a schema.</summary>
    public string Make(JsonElement schema)
    {
        JsonObject body = Object(schema, 0);
        int way = _random.Next(10);
        IsRight = way < 4;
        if (way is 4 or 5) Replace(body, Other);
        if (way is 6 or 7) Replace(body, Extreme);
        if (way == 8)
        {
            JsonObject[] objects = [.. Places(body).Select(place => place.Holder).OfType<JsonObject>().Append(body)];
            JsonObject one = objects[_random.Next(objects.Length)];
            if (_random.Next(2) == 0 && one.Count > 0) one.Remove(one.ElementAt(_random.Next(one.Count)).Key);
            else one[Texts[_random.Next(Texts.Length)] + "x"] = Other();
        }
        string text = body.ToJsonString();
        foreach ((string mark, string raw) in RawValues) text = text.Replace($"\"{mark}\"", raw, StringComparison.Ordinal);
        if (way < 9) return text;
        int at = _random.Next(text.Length);
        return _random.Next(3) switch
        {
            0 => text[..at],
            1 => text[..^1] + (body.Count > 0 ? "," + text[1..] : "}"),
            _ => text[..at] + (char)_random.Next(32, 127) + text[at..],
        };
    }

    private JsonNode? Value(JsonElement schema, string name, int depth)
    {
        schema = document.Resolve(schema);
        if (Known(name) is { } known) return known;
        if (schema.TryGetProperty("const", out JsonElement only)) return JsonNode.Parse(only.GetRawText());
        if (schema.TryGetProperty("enum", out JsonElement values)) return JsonNode.Parse(values[_random.Next(values.GetArrayLength())].GetRawText());
        if (schema.TryGetProperty("anyOf", out JsonElement choices)) return Value(choices[_random.Next(choices.GetArrayLength())], "", depth);
        if (schema.TryGetProperty("allOf", out _)) return Object(schema, depth);
        if (!schema.TryGetProperty("type", out JsonElement type)) return Other();
        string word = type.ValueKind == JsonValueKind.String ? type.GetString()! : type[_random.Next(type.GetArrayLength())].GetString()!;
        return word switch
        {
            "boolean" => _random.Next(2) == 0,
            "integer" => (long)Number(schema, 1000),
            "number" => Number(schema, 2),
            "string" => Text(schema),
            "array" => List(schema, depth),
            "object" => Object(schema, depth),
            _ => null,
        };
    }

    // What must fit the model, would take long, or would leave too few answers of a kind.
    private JsonNode? Known(string name) => name switch
    {
        "model" => _random.Next(20) == 0 ? "nobody" : ((string[])["tiny", "tiny:p1", "tiny:p2", "tiny:p4"])[_random.Next(4)],
        "streams" => _random.Next(20) == 0 ? 3 : 1 << _random.Next(3),
        "max_tokens" or "max_completion_tokens" or "max_output_tokens" or "num_predict" => _random.Next(1, 12),
        "min_tokens" => _random.Next(3),
        "n" => _random.Next(1, 4),
        "schema" => JsonNode.Parse(Schemas[_random.Next(Schemas.Length)]),
        "logit_bias" => new JsonObject { [_random.Next(vocabulary).ToString(System.Globalization.CultureInfo.InvariantCulture)] = _random.Next(-100, 101) },
        "tokens" => new JsonArray([.. Enumerable.Range(0, _random.Next(6)).Select(_ => JsonValue.Create(_random.Next(vocabulary)))]),
        "top_k" => _random.Next(-1, 50),
        "stream" => _random.Next(3) > 0,
        _ => null,
    };

    private JsonObject Object(JsonElement schema, int depth)
    {
        var made = new JsonObject();
        HashSet<string> required = document.Required(schema);
        foreach ((string name, JsonElement value) in document.Properties(schema))
        {
            // What keeps answers short, and what there is no answer without.
            bool isUsual = name is "max_tokens" or "max_output_tokens" or "options" or "num_predict" or "prompt" or "messages";
            // What is refused unless the streams of the model can rest.
            bool isOfGate = name is "stream_budget" or "stream_threshold" or "stream_gate";
            if (required.Contains(name) || _random.Next(100) < (isUsual ? 90 : name == "stream" ? 50 : isOfGate ? 3 : depth < 6 ? 10 : 0)) made[name] = Value(value, name, depth + 1);
        }
        return made;
    }

    private JsonArray List(JsonElement schema, int depth)
    {
        int least = schema.TryGetProperty("minItems", out JsonElement min) ? min.GetInt32() : 0;
        int most = Math.Min(least + 3, schema.TryGetProperty("maxItems", out JsonElement max) ? max.GetInt32() : int.MaxValue);
        int count = depth > 8 ? least : _random.Next(least, most + 1);
        return schema.TryGetProperty("items", out JsonElement items) ? new JsonArray([.. Enumerable.Range(0, count).Select(_ => Value(items, "", depth + 1))]) : [];
    }

    private double Number(JsonElement schema, double most)
    {
        double low = schema.TryGetProperty("minimum", out JsonElement min) ? min.GetDouble() : 0;
        double high = Math.Min(schema.TryGetProperty("maximum", out JsonElement max) ? max.GetDouble() : most, Math.Max(most, low));
        return Math.Max(low, low < -1e9 ? _random.Next(1000) : low + (high - low) * (1 - _random.NextDouble()));
    }

    private string Text(JsonElement schema)
    {
        string text = Texts[_random.Next(Texts.Length)];
        return text.Length == 0 && schema.TryGetProperty("minLength", out _) ? "z" : text;
    }

    private JsonNode? Other() => _random.Next(8) switch
    {
        0 => null,
        1 => true,
        2 => -1,
        3 => 1.5,
        4 => Texts[_random.Next(Texts.Length)],
        5 => new JsonArray(1, "x", null),
        6 => new JsonObject { ["type"] = "x" },
        _ => new JsonObject(),
    };

    private JsonNode? Extreme() => _random.Next(8) switch
    {
        0 => long.MaxValue,
        1 => int.MinValue,
        2 => new string('x', 100_000),
        3 => new JsonArray([.. Enumerable.Range(0, 5000).Select(i => JsonValue.Create(i))]),
        4 => new JsonObject([.. Enumerable.Range(0, 3000).Select(i => KeyValuePair.Create($"k{i}", (JsonNode?)i))]),
        _ => RawValues[_random.Next(RawValues.Length)].Mark,
    };

    // Some value anywhere in the body becomes another.
    private void Replace(JsonObject body, Func<JsonNode?> value)
    {
        (JsonNode Holder, string? Name, int Index)[] places = [.. Places(body)];
        if (places.Length == 0) return;
        (JsonNode holder, string? name, int index) = places[_random.Next(places.Length)];
        if (name is not null) holder[name] = value();
        else holder[index] = value();
    }

    private static IEnumerable<(JsonNode Holder, string? Name, int Index)> Places(JsonNode? node) => node switch
    {
        JsonObject one => one.SelectMany(field => Places(field.Value).Prepend((one, field.Key, 0))),
        JsonArray list => list.SelectMany((item, i) => Places(item).Prepend((list, null, i))),
        _ => [],
    };
}
