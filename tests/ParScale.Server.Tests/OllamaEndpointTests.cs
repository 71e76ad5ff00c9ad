using System.Net;
using System.Text.Json;

namespace ParScale.Server.Tests;

/// <summary>Ollama's API, with requests as ollama-js sends them.</summary>
public sealed class OllamaEndpointTests(ChatModel model)
{
    private const string Messages = """ "messages":[{"role":"user","content":"Write one line about the sea."}] """;

    [Fact]
    public async Task A_chat_has_the_text_of_the_other_api()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        JsonElement chat = await server.Ask("/v1/chat/completions", $$"""{"model":"tiny:p2",{{Messages}},"temperature":0.9,"max_tokens":24,"seed":1,"top_k":40,"logprobs":true,"top_logprobs":2}""");
        string request = $$"""{"model":"tiny:p2",{{Messages}},"options":{"temperature":0.9,"num_predict":24,"seed":1,"top_k":40,"num_ctx":2048},"logprobs":true,"top_logprobs":2,"stream_weights":true""";
        JsonElement whole = await server.Ask("/api/chat", request + ""","stream":false}""");
        string text = chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        Assert.Equal(text, whole.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("assistant", whole.GetProperty("message").GetProperty("role").GetString());
        Assert.Equal(chat.GetProperty("choices")[0].GetProperty("finish_reason").GetString(), whole.GetProperty("done_reason").GetString());
        Assert.Equal(chat.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), whole.GetProperty("eval_count").GetInt32());
        Assert.Equal(chat.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), whole.GetProperty("prompt_eval_count").GetInt32());
        Assert.Equal(2, whole.GetProperty("streams").GetInt32());
        Assert.Equal(chat.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").GetRawText(), whole.GetProperty("logprobs").GetRawText());
        Assert.True(whole.GetProperty("total_duration").GetInt64() >= whole.GetProperty("eval_duration").GetInt64());
        // Nanoseconds: no answer of 24 tokens takes less than a microsecond, or more than a minute.
        Assert.InRange(whole.GetProperty("total_duration").GetInt64(), 1_000, 60_000_000_000);

        // Without a word about it, Ollama streams.
        List<JsonElement> lines = await server.Lines("/api/chat", request + "}");
        Assert.Equal(text, string.Concat(lines.Select(line => line.GetProperty("message").GetProperty("content").GetString())));
        Assert.All(lines[..^1], line => Assert.False(line.GetProperty("done").GetBoolean()));
        Assert.True(lines[^1].GetProperty("done").GetBoolean());
        Assert.Equal(whole.GetProperty("eval_count").GetInt32(), lines[^1].GetProperty("eval_count").GetInt32());
        Assert.Equal(whole.GetProperty("stream_weights").EnumerateArray().Select(row => row.GetRawText()),
            lines[..^1].SelectMany(line => line.GetProperty("stream_weights").EnumerateArray()).Select(row => row.GetRawText()));
    }

    [Fact]
    public async Task A_prompt_is_a_turn_unless_it_is_raw()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        JsonElement chat = await server.Ask("/api/chat", """{"model":"tiny","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"The sea"}],"options":{"temperature":0,"num_predict":16},"stream":false}""");
        JsonElement turn = await server.Ask("/api/generate", """{"model":"tiny","system":"Be brief.","prompt":"The sea","options":{"temperature":0,"num_predict":16},"stream":false}""");
        Assert.Equal(chat.GetProperty("message").GetProperty("content").GetString(), turn.GetProperty("response").GetString());
        JsonElement completion = await server.Ask("/v1/completions", """{"prompt":"The sea","temperature":0,"max_tokens":16}""");
        JsonElement raw = await server.Ask("/api/generate", """{"model":"tiny","prompt":"The sea","raw":true,"options":{"temperature":0,"num_predict":16},"stream":false}""");
        Assert.Equal(completion.GetProperty("choices")[0].GetProperty("text").GetString(), raw.GetProperty("response").GetString());
        // Raw, the template's own words are its tokens.
        JsonElement written = await server.Ask("/api/generate", """{"model":"tiny","prompt":"<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n","raw":true,"options":{"temperature":0,"num_predict":1},"stream":false}""");
        JsonElement rendered = await server.Ask("/api/generate", """{"model":"tiny","prompt":"hello","options":{"temperature":0,"num_predict":1},"stream":false}""");
        Assert.Equal(rendered.GetProperty("prompt_eval_count").GetInt32(), written.GetProperty("prompt_eval_count").GetInt32());
    }

    [Theory]
    [InlineData("\"json\"", JsonValueKind.Object)]
    [InlineData("""{"type":"array","items":{"type":"boolean"},"maxItems":3}""", JsonValueKind.Array)]
    public async Task A_format_is_kept(string format, JsonValueKind kind)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        int whole = 0;
        for (int seed = 0; seed < 8; seed++)
        {
            JsonElement answer = await server.Ask("/api/chat", $$"""{"model":"tiny",{{Messages}},"options":{"num_predict":200,"temperature":1,"seed":{{seed}}},"format":{{format}},"stream":false}""");
            if (answer.GetProperty("done_reason").GetString() == "length") continue;
            whole++;
            using var value = JsonDocument.Parse(answer.GetProperty("message").GetProperty("content").GetString()!);
            Assert.Equal(kind, value.RootElement.ValueKind);
        }
        Assert.InRange(whole, 1, 8);
    }

    [Theory]
    [InlineData("/api/chat", """{"model":"tiny"}""")]
    [InlineData("/api/chat", """{"model":"tiny","messages":[],"keep_alive":0}""")]
    [InlineData("/api/generate", """{"model":"tiny","keep_alive":"5m"}""")]
    public async Task Who_only_loads_is_told_so(string path, string body)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        JsonElement answer = await server.Ask(path, body);
        Assert.Equal((true, "load"), (answer.GetProperty("done").GetBoolean(), answer.GetProperty("done_reason").GetString()));
    }

    [Theory]
    [InlineData($$"""{"model":"nobody",{{Messages}} }""", 404, "nobody")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"options":{"mirostat":1} }""", 400, "options.mirostat")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"options":{"dry_multiplier":1} }""", 400, "options.dry_multiplier")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"options":{"typical_p":0.5} }""", 400, "options.typical_p")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"options":{"repeat_penalty":1.1,"repeat_last_n":64} }""", 400, "options.repeat_last_n")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"options":{"repeat_penalty":1.1,"penalize_newline":false} }""", 400, "options.penalize_newline")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"options":{"num_predict":0} }""", 400, "options.num_predict")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"options":{"temperature":"hot"} }""", 400, "options.temperature")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"options":[]}""", 400, "options")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"format":"xml"}""", 400, "format")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"format":{"type":"string","pattern":"(a+)\\1"} }""", 400, "pattern")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"think":true}""", 400, "think")]
    [InlineData($$"""{"model":"tiny",{{Messages}},"think":"high"}""", 400, "think")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x","images":["aGk="]}]}""", 400, "messages[0].images")]
    [InlineData("""{"model":"tiny","messages":[{"role":"king","content":"x"}]}""", 400, "messages[0].role")]
    [InlineData("""{"model":"tiny","messages":[{"role":"assistant","tool_calls":[{}]}]}""", 400, "messages[0].tool_calls[0].function")]
    [InlineData("""{"model":"tiny","messages":"x"}""", 400, "messages")]
    [InlineData("[", 400, "not JSON")]
    public async Task What_is_not_understood_is_named(string body, int expected, string named)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        (HttpStatusCode status, JsonElement answer) = await server.Post("/api/chat", body);
        Assert.Equal(expected, (int)status);
        Assert.Contains(named, answer.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt":"x","template":"{{ .Prompt }}"}""", "template")]
    [InlineData("""{"prompt":"x","suffix":"y"}""", "suffix")]
    [InlineData("""{"prompt":"x","context":[1,2]}""", "context")]
    [InlineData("""{"prompt":"x","images":["aGk="]}""", "images")]
    [InlineData("""{"prompt":"x","raw":true,"system":"y"}""", "system")]
    [InlineData("""{"prompt":1}""", "prompt")]
    public async Task So_it_is_of_a_prompt(string body, string named)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        (HttpStatusCode status, JsonElement answer) = await server.Post("/api/generate", body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith(named, answer.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"repeat_last_n":64}""", null)]
    [InlineData("""{"repeat_penalty":1.3,"repeat_last_n":-1,"penalize_newline":true}""", """ "repetition_penalty":1.3 """)]
    [InlineData("""{"repeat_penalty":1.3,"repeat_last_n":0}""", null)]
    [InlineData("""{"num_keep":5,"num_thread":4,"num_gpu":1,"use_mmap":true,"mirostat":0,"mirostat_tau":5.0,"tfs_z":1,"typical_p":1.0}""", null)]
    [InlineData("""{"min_p":0.2,"presence_penalty":0.5,"frequency_penalty":0.1,"stop":["q"]}""", """ "min_p":0.2,"presence_penalty":0.5,"frequency_penalty":0.1,"stop":["q"] """)]
    public async Task Options_mean_the_same(string options, string? fields)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        JsonElement own = await server.Ask("/api/chat", $$"""{ {{Messages}},"stream":false,"options":{{options[..^1]}},"temperature":1,"seed":3,"num_predict":40} }""");
        JsonElement chat = await server.Ask("/v1/chat/completions", $$"""{ {{Messages}},"temperature":1,"seed":3,"max_tokens":40{{(fields is null ? "" : "," + fields)}} }""");
        Assert.Equal(chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), own.GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task Past_answers_with_empty_lists_change_nothing()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        async Task<int> Count(string more) => (await server.Ask("/api/chat", $$"""
            {"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"{{more}}},{"role":"user","content":"c"}],"options":{"num_predict":1},"stream":false}
            """)).GetProperty("prompt_eval_count").GetInt32();
        Assert.Equal(await Count(""), await Count(""" ,"images":[],"thinking":"","tool_calls":[] """));
    }

    [Theory]
    [InlineData("POST", "/api/pull", 501)]
    [InlineData("POST", "/api/embed", 400)]
    [InlineData("DELETE", "/api/delete", 501)]
    [InlineData("HEAD", "/api/blobs/sha256:0", 501)]
    [InlineData("POST", "/api/nothing", 404)]
    [InlineData("PUT", "/api/chat", 405)]
    [InlineData("GET", "/api/generate", 405)]
    public async Task What_is_not_there_is_told_in_its_shape(string method, string path, int expected)
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["key"] });
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("Authorization", "Bearer key");
        using HttpResponseMessage answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected, (int)answer.StatusCode);
        if (method != "HEAD") Assert.Equal(JsonValueKind.String, TestServer.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("error").ValueKind);
        (HttpStatusCode refused, JsonElement told) = await server.Post("/api/chat", "{}");
        Assert.Equal((HttpStatusCode.Unauthorized, JsonValueKind.String), (refused, told.GetProperty("error").ValueKind));
    }

    [Fact]
    public async Task Models_are_listed_and_shown()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        async Task<JsonElement> Get(string path) => TestServer.Parse(await server.Client.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken));
        string[] names = ["tiny", "tiny:p1", "tiny:p2", "tiny:p4"];
        foreach (string path in (string[])["/api/tags", "/api/ps"])
            Assert.Equal(names, (await Get(path)).GetProperty("models").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()));
        JsonElement shown = await server.Ask("/api/show", """{"model":"tiny:p4"}""");
        Assert.Equal(4, shown.GetProperty("model_info").GetProperty("parscale.streams").GetInt32());
        Assert.Equal(ChatModel.Context, shown.GetProperty("model_info").GetProperty("qwen2.context_length").GetInt32());
        Assert.Equal(model.Model.ChatTemplate!.Source, shown.GetProperty("template").GetString());
        // A tag of Ollama's own.
        Assert.Equal(shown.GetProperty("details").GetRawText(), (await server.Ask("/api/show", """{"name":"tiny:latest"}""")).GetProperty("details").GetRawText());
        Assert.Equal(HttpStatusCode.NotFound, (await server.Post("/api/show", """{"model":"other"}""")).Status);
        Assert.True(Version.TryParse((await Get("/api/version")).GetProperty("version").GetString(), out _));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("\"high\"")]
    public async Task A_model_without_a_template_says_so_whatever_is_thought(string think)
    {
        using var folder = new TempFolder();
        ChatModel.Write(folder.Path);
        File.Delete(folder.File("chat_template.jinja"));
        using LanguageModel plain = LanguageModel.Load(folder.Path);
        await using TestServer server = await TestServer.Start(plain);
        (HttpStatusCode status, JsonElement answer) = await server.Post("/api/chat", $$"""{"model":"tiny",{{Messages}},"think":{{think}} }""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("the model has no chat template", answer.GetProperty("error").GetString(), StringComparison.Ordinal);
    }
}
