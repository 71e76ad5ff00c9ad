using System.Net;
using System.Text;
using System.Text.Json;
using ParScale.Server.Tests.Tools;

namespace ParScale.Server.Tests.Wire;

/// <summary>What real clients send and a server might stumble over.</summary>
public sealed class ClientHabitTests(ToolModels models, ChatModel random)
{
    private const string Hello = """ "messages": [{"role": "user", "content": "hello"}] """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Answered => new()
    {
        { "two limits, of which the newer one counts", $$"""{ {{Hello}}, "max_completion_tokens": 1, "max_tokens": 9}""" },
        { "no limit", $$"""{ {{Hello}} }""" },
        { "extra fields", $$"""{ {{Hello}}, "streams": 1, "top_k": 40, "ignore_eos": true, "max_tokens": 5, "user": "user-1", "store": false, "metadata": {}, "CustomHeaders": {} }""" },
        { "two system messages in a row", """{"messages": [{"role": "system", "content": "Speak plainly."}, {"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "a "}, {"type": "text", "text": "b"}]}]}""" },
        { "a developer's message", """{"messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "x"}]}""" },
        { "an assistant's message without content, indented arguments, a result in quotes", """{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{\n  \"a\": 1\n}"}}]}, {"role": "tool", "tool_call_id": "call_1", "content": "\"sunny\""}]}""" },
        { "an assistant's message with an empty content", """{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}, {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}]}""" },
        { "an assistant's message with a null content and what older answers had", """{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": null, "refusal": null, "audio": null, "annotations": [], "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}]}, {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "sunny"}]}]}""" },
        { "a placeholder that must not be called", $$"""{ {{Hello}}, "tools": [{"type": "function", "function": {"description": "A placeholder", "name": "NonInvocableTool", "parameters": {"type": "object", "required": [], "properties": {} } } }], "tool_choice": "none"}""" },
        { "a required call of a tool without parameters", $$"""{ {{Hello}}, "tools": [{"type": "function", "function": {"name": "now", "strict": false} }], "tool_choice": "required", "max_tokens": 900}""" },
        { "no tools", $$"""{ {{Hello}}, "tools": [], "tool_choice": "auto", "parallel_tool_calls": false}""" },
        { "no stop texts", $$"""{ {{Hello}}, "stop": [], "temperature": 0.0, "seed": 1234}""" },
        { "null everywhere", $$"""{ {{Hello}}, "stop": null, "temperature": null, "tools": null, "tool_choice": null, "response_format": null, "logit_bias": null, "max_tokens": null, "stream": null, "stream_options": null, "n": null, "seed": null}""" },
        { "a free format", $$"""{ {{Hello}}, "response_format": {"type": "text"}, "stop": ["\u0001never", "zzzzzzz"]}""" },
        { "a schema with a dialect and without strict", $$"""{ {{Hello}}, "max_tokens": 50, "response_format": {"type": "json_schema", "json_schema": {"name": "P", "schema": {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": {"a": {"type": "integer"} }, "required": ["a"], "additionalProperties": false} } } }""" },
        { "a schema before its name", $$"""{ {{Hello}}, "max_tokens": 50, "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "object", "properties": {"a": {"type": "string", "maxLength": 3} }, "required": ["a"], "additionalProperties": false}, "strict": true, "name": "response"} } }""" },
    };

    [Theory]
    [MemberData(nameof(Answered))]
    public async Task A_habit_is_answered(string habit, string body)
    {
        await using TestServer server = await TestServer.Start(models["hermes"]);
        (HttpStatusCode status, JsonElement answer) = await server.Post("/v1/chat/completions", body);
        Assert.True(status == HttpStatusCode.OK, $"{habit}: {answer}");
        if (habit.StartsWith("two limits", StringComparison.Ordinal)) Assert.Equal(1, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        if (habit.StartsWith("a required", StringComparison.Ordinal)) Assert.Equal("tool_calls", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("*/*")]
    [InlineData("text/html")]
    public async Task The_body_alone_asks_for_a_stream(string accept)
    {
        await using TestServer server = await TestServer.Start(models["hermes"]);
        using HttpResponseMessage streamed = await Send(server, "/v1/chat/completions", $$"""{ {{Hello}}, "stream": true}""", ("Accept", accept), ("accept-encoding", "gzip, deflate"), ("sec-fetch-mode", "cors"), ("X-Stainless-Retry-Count", "0"));
        Assert.Equal("text/event-stream", streamed.Content.Headers.ContentType?.MediaType);
        Assert.EndsWith("data: [DONE]\n\n", await streamed.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        using HttpResponseMessage whole = await Send(server, "/v1/chat/completions", $$"""{ {{Hello}} }""", ("Accept", "text/event-stream"));
        Assert.Equal("application/json", whole.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("Bearer ", false, 200)]
    [InlineData("Bearer", false, 200)]
    [InlineData("Bearer ", true, 401)]
    [InlineData("", true, 401)]
    [InlineData("Bearer key", true, 200)]
    [InlineData("Basic a2V5", true, 401)]
    public async Task An_empty_key_is_no_key(string authorization, bool keyed, int expected)
    {
        await using TestServer server = await TestServer.Start(models["hermes"], new ServerOptions { ApiKeys = keyed ? ["key"] : [] });
        using HttpResponseMessage answer = await Send(server, "/v1/completions", """{"prompt": [[1, 2]], "max_tokens": 1}""", ("Authorization", authorization));
        Assert.Equal(expected, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Without_a_model_the_first_answers_and_an_unknown_one_is_not_found()
    {
        await using TestServer server = await TestServer.Start(models["hermes"]);
        foreach (string path in (string[])["/v1/chat/completions", "/v1/completions"])
        {
            string request = path.Contains("chat", StringComparison.Ordinal) ? Hello : """ "prompt": "x" """;
            foreach (string model in (string[])["", ", \"model\": \"\"", ", \"model\": null"]) Assert.Equal("tiny", (await server.Ask(path, $$"""{ {{request}} {{model}} }""")).GetProperty("model").GetString());
            (HttpStatusCode status, JsonElement answer) = await server.Post(path, $$"""{ {{request}}, "model": "gpt-4"}""");
            JsonElement error = answer.GetProperty("error");
            Assert.Equal((404, "model_not_found", "model"), ((int)status, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        }
    }

    [Theory]
    [InlineData("""{"input": ["a"], "model": "tiny", "encoding_format": "base64"}""")]
    [InlineData("""{"input": "a", "model": "tiny", "encoding_format": "float"}""")]
    public async Task Embeddings_are_told_not_to_be_there(string body)
    {
        await using TestServer server = await TestServer.Start(models["hermes"]);
        (HttpStatusCode status, JsonElement answer) = await server.Post("/v1/embeddings", body);
        Assert.Equal((HttpStatusCode.BadRequest, "model"), (status, answer.GetProperty("error").GetProperty("param").GetString()));
    }

    [Fact]
    public async Task A_harness_finds_no_token_where_there_is_none_and_text_under_both_names()
    {
        await using TestServer server = await TestServer.Start(random.Model);
        using HttpResponseMessage info = await server.Client.GetAsync(new Uri("/tokenizer_info", UriKind.Relative), Token);
        using var about = JsonDocument.Parse(await info.Content.ReadAsStringAsync(Token));
        Assert.Equal(JsonValueKind.Null, about.RootElement.GetProperty("bos_token").ValueKind);
        Assert.Equal(TinyTokenizer.EndOfTextName, about.RootElement.GetProperty("eos_token").GetString());
        JsonElement tokens = (await server.Ask("/tokenize", """{"prompt": "hello ü", "add_special_tokens": false}""")).GetProperty("tokens");
        JsonElement text = await server.Ask("/detokenize", $$"""{"tokens": {{tokens.GetRawText()}} }""");
        Assert.Equal(("hello ü", "hello ü"), (text.GetProperty("prompt").GetString(), text.GetProperty("content").GetString()));
    }

    [Fact]
    public async Task Prompts_of_several_lengths_in_one_request_keep_their_order()
    {
        await using TestServer server = await TestServer.Start(random.Model);
        JsonElement choices = (await server.Ask("/v1/completions", """{"model": "tiny", "prompt": [[84, 104, 261, 99, 97, 112], [97, 98], [84]], "temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": true}""")).GetProperty("choices");
        Assert.Equal([0, 1, 2], choices.EnumerateArray().Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.Equal([7, 3, 2], choices.EnumerateArray().Select(choice => choice.GetProperty("logprobs").GetProperty("token_logprobs").GetArrayLength()));
    }

    [Fact]
    public async Task A_harness_without_a_model_or_a_limit_generates()
    {
        await using TestServer server = await TestServer.Start(random.Model);
        JsonElement answer = await server.Ask("/v1/completions", """{"prompt": "The sea is", "logprobs": 10, "temperature": 0.0, "stop": ["\n"]}""");
        JsonElement logProbs = answer.GetProperty("choices")[0].GetProperty("logprobs");
        Assert.Equal(answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), logProbs.GetProperty("tokens").GetArrayLength());
    }

    private static async Task<HttpResponseMessage> Send(TestServer server, string path, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await server.Client.SendAsync(request, Token);
    }
}
