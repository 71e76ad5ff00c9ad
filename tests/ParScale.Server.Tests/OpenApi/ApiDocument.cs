using System.Text.Json;
using Json.Schema;

namespace ParScale.Server.Tests.OpenApi;

/// <summary>The document of the API, as the server gives it.</summary>
internal sealed class ApiDocument(JsonElement root)
{
    private const string Json = "application/json";

    private readonly Dictionary<string, JsonSchema> _schemas = [];

    public static async Task<ApiDocument> Get(TestServer server) =>
        new(TestServer.Parse(await server.Client.GetStringAsync(new Uri("/openapi.json", UriKind.Relative), TestContext.Current.CancellationToken)));

    /// <summary>Every path with its method.</summary>
    public IEnumerable<(string Path, string Method, JsonElement Operation)> Operations => root.GetProperty("paths").EnumerateObject()
        .SelectMany(path => path.Value.EnumerateObject().Select(one => (path.Name, one.Name.ToUpperInvariant(), one.Value)));

    /// <summary>Paths that take a body, each with the schema of it and an example.</summary>
    public IEnumerable<(string Path, JsonElement Schema, JsonElement Example)> Bodies => Operations.Where(one => one.Operation.TryGetProperty("requestBody", out _))
        .Select(one => (one.Path, Content(one.Operation.GetProperty("requestBody")).GetProperty("schema"), Content(one.Operation.GetProperty("requestBody")).GetProperty("example")));

    /// <summary>What a reference stands for; anything else as it is.</summary>
    public JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out JsonElement reference)) schema = root.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        return schema;
    }

    /// <summary>The properties of an object, those of all of its parts. The last part says most about one.</summary>
    public Dictionary<string, JsonElement> Properties(JsonElement schema)
    {
        var all = new Dictionary<string, JsonElement>();
        schema = Resolve(schema);
        if (schema.TryGetProperty("allOf", out JsonElement parts))
        {
            foreach (JsonElement part in parts.EnumerateArray())
                foreach ((string name, JsonElement value) in Properties(part)) all[name] = value;
        }
        if (schema.TryGetProperty("properties", out JsonElement own))
            foreach (JsonProperty one in own.EnumerateObject()) all[one.Name] = one.Value;
        return all;
    }

    /// <summary>The properties that an object must have.</summary>
    public HashSet<string> Required(JsonElement schema)
    {
        schema = Resolve(schema);
        HashSet<string> names = schema.TryGetProperty("required", out JsonElement own) ? [.. own.EnumerateArray().Select(name => name.GetString()!)] : [];
        if (schema.TryGetProperty("allOf", out JsonElement parts))
            foreach (JsonElement part in parts.EnumerateArray()) names.UnionWith(Required(part));
        return names;
    }

    /// <summary>The names of all properties of what can be sent.</summary>
    public HashSet<string> SentNames()
    {
        var names = new HashSet<string>();
        var seen = new HashSet<string>();
        foreach ((_, JsonElement schema, _) in Bodies) Collect(schema);
        return names;

        void Collect(JsonElement schema)
        {
            if (schema.ValueKind == JsonValueKind.Array) foreach (JsonElement one in schema.EnumerateArray()) Collect(one);
            if (schema.ValueKind != JsonValueKind.Object || !seen.Add(schema.GetRawText())) return;
            schema = Resolve(schema);
            names.UnionWith(Properties(schema).Keys);
            foreach (JsonProperty keyword in schema.EnumerateObject())
            {
                if (keyword.Name == "properties") foreach (JsonProperty one in keyword.Value.EnumerateObject()) Collect(one.Value);
                else Collect(keyword.Value);
            }
        }
    }

    /// <summary>Checks an answer against what the document says of it.</summary>
    /// <param name="path">The path that was asked, as it stands in the document.</param>
    /// <param name="method">How.</param>
    /// <param name="status">200, or default for an error.</param>
    /// <param name="type">The media type; the value is one of several for those that stream.</param>
    /// <param name="value">The value.</param>
    public void RequireValid(string path, string method, string status, string type, JsonElement value)
    {
        JsonElement operation = root.GetProperty("paths").GetProperty(path).GetProperty(method.ToLowerInvariant());
        JsonElement schema = operation.GetProperty("responses").GetProperty(status).GetProperty("content").GetProperty(type).GetProperty("schema");
        JsonSchema check;
        lock (_schemas)
        {
            string text = schema.GetRawText();
            if (!_schemas.TryGetValue(text, out check!))
            {
                string definitions = root.GetProperty("components").GetProperty("schemas").GetRawText();
                _schemas[text] = check = JsonSchema.FromText($$"""{ "$defs": {{definitions}}, "allOf": [{{text}}] }""".Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal));
            }
        }
        EvaluationResults results = check.Evaluate(value, new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(results.IsValid, $"{path}: {string.Join("; ", (results.Details ?? []).Where(one => one.Errors is not null).SelectMany(one => one.Errors!.Select(error => $"{one.InstanceLocation} {error.Value}")))} in {value.GetRawText()}");
    }

    private static JsonElement Content(JsonElement holder) => holder.GetProperty("content").GetProperty(Json);
}
