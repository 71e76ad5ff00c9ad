using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ParScale.Server.Tests.OpenApi;

/// <summary>The document says what the server does: the same paths, the same fields.</summary>
public sealed partial class ApiDocumentTests(ChatModel model)
{
    [Fact]
    public async Task It_has_every_path_and_no_other()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        ApiDocument document = await ApiDocument.Get(server);
        HashSet<string> served = [.. server.Routes.Select(route => route.Path.Replace("{**", "{", StringComparison.Ordinal)).Where(path => path is not ("{path}" or "/" or "/page/{name}"))];
        Assert.Equal(served.Order(StringComparer.Ordinal), document.Operations.Select(one => one.Path).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Its_examples_work_and_are_answered_as_it_says()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        ApiDocument document = await ApiDocument.Get(server);
        foreach ((string path, _, JsonElement example) in document.Bodies)
            document.RequireValid(path, "POST", "200", "application/json", await server.Ask(path, example.GetRawText()));
        foreach ((string path, string method, _) in document.Operations.Where(one => one.Method == "GET"))
        {
            string text = await server.Client.GetStringAsync(new Uri(path.Replace("{id}", "tiny:p2", StringComparison.Ordinal), UriKind.Relative), TestContext.Current.CancellationToken);
            document.RequireValid(path, method, "200", "application/json", TestServer.Parse(text));
        }
    }

    [Fact]
    public async Task Each_field_that_it_describes_is_read()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        ApiDocument document = await ApiDocument.Get(server);
        int count = 0;
        foreach ((string path, JsonElement schema, JsonElement example) in document.Bodies)
        {
            foreach ((string field, JsonElement value) in document.Properties(schema))
            {
                if (WrongFor(document, value) is not { } wrong) continue;
                JsonObject body = JsonNode.Parse(example.GetRawText())!.AsObject();
                await RequireNamed(server, path, body, field, wrong);
                count++;
            }
            if (!document.Properties(schema).TryGetValue("options", out JsonElement options)) continue;
            foreach ((string field, JsonElement value) in document.Properties(options.GetProperty("anyOf")[0]))
            {
                if (WrongFor(document, value) is not { } wrong) continue;
                JsonObject body = JsonNode.Parse(example.GetRawText())!.AsObject();
                await RequireNamed(server, path, body, $"options.{field}", wrong);
                count++;
            }
        }
        Assert.InRange(count, 150, 1000);
    }

    private static async Task RequireNamed(TestServer server, string path, JsonObject body, string field, JsonNode wrong)
    {
        // Two names for one thing: the other one would be read instead.
        if (field is "content" or "name") body.Remove(field == "content" ? "prompt" : "model");
        // With messages it is they that are tokenized.
        if (path == "/tokenize" && field is not ("model" or "prompt" or "content" or "messages" or "add_special_tokens" or "add_special" or "parse_special"))
            body["messages"] = JsonNode.Parse("""[{"role": "user", "content": "x"}]""");
        if (field == "repeat_penalty") body.Remove("repetition_penalty");
        if (field is "top_logprobs") body["logprobs"] = path == "/v1/responses" ? null : true;
        if (field.StartsWith("options.", StringComparison.Ordinal)) body["options"]![field["options.".Length..]] = wrong;
        else body[field] = wrong;
        (HttpStatusCode status, JsonElement answer) = await server.Post(path, body.ToJsonString());
        Assert.True(status == HttpStatusCode.BadRequest, $"{path}: {body.ToJsonString()} is answered {status} {answer}");
        JsonElement error = answer.GetProperty("error");
        string named = error.ValueKind == JsonValueKind.String ? error.GetString()! : error.GetProperty("param").GetString() ?? error.ToString();
        Assert.StartsWith(field, named, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_field_that_is_read_is_in_it()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        HashSet<string> described = (await ApiDocument.Get(server)).SentNames();
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "ParScale.slnx"))) root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("the repository is not there");
        var read = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string folder in (string[])["Requests", "OpenAi", "Responses", "Ollama", "Hosting"])
            foreach (string file in Directory.GetFiles(Path.Combine(root, "src", "ParScale.Server", folder), "*.cs"))
                foreach (Match match in Read().Matches(File.ReadAllText(file))) read.Add(match.Groups[1].Value);
        Assert.InRange(read.Count, 60, 1000);
        Assert.Empty(read.Except(described));
    }

    [GeneratedRegex("""(?:\b(?:Text|Flag|Integer|Number|Object|List|Get)\(|\b(?:Required|RequireEmpty|RequireNone)\(\w+, )"([a-z_0-9]+)"[,)]""")]
    private static partial Regex Read();

    // A value of none of the types that are allowed; null where everything is.
    private static JsonNode? WrongFor(ApiDocument document, JsonElement schema)
    {
        HashSet<string> types = Types(document, schema);
        if (types.Count == 0) return null;
        foreach ((string type, JsonNode value) in ((string, JsonNode)[])[("boolean", true), ("number", 0.5), ("object", new JsonObject { ["x"] = 1 }), ("array", new JsonArray(1)), ("string", "no such word")])
            if (!types.Contains(type) && !(type == "number" && types.Contains("integer"))) return value;
        return null;
    }

    private static HashSet<string> Types(ApiDocument document, JsonElement schema)
    {
        schema = document.Resolve(schema);
        if (schema.TryGetProperty("anyOf", out JsonElement choices)) return [.. choices.EnumerateArray().SelectMany(one => Types(document, one))];
        if (schema.TryGetProperty("enum", out JsonElement values)) return [.. values.EnumerateArray().Select(Kind)];
        if (schema.TryGetProperty("const", out JsonElement only)) return [Kind(only)];
        if (!schema.TryGetProperty("type", out JsonElement type)) return [];
        return type.ValueKind == JsonValueKind.String ? [type.GetString()!] : [.. type.EnumerateArray().Select(one => one.GetString()!)];
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => "number",
        JsonValueKind.String => "string",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => "null",
    };
}
