using System.Net;
using System.Text.Json;
using ParScale.Generation;
using ParScale.Text.Chat;

namespace ParScale.Server.Tests;

public sealed class ChatEndpointTests(ChatModel model)
{
    private const string Hello = """ "messages": [{"role": "user", "content": "hello world"}] """;

    [Fact]
    public async Task The_answer_is_the_models_own()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        foreach (int streams in (int[])[1, 2, 4])
        {
            JsonElement answer = await server.Ask("/v1/chat/completions", $$"""{ {{Hello}}, "max_tokens": 20, "temperature": 1, "seed": 7, "streams": {{streams}} }""");
            JsonElement choice = Assert.Single(answer.GetProperty("choices").EnumerateArray());
            Assert.Equal(await Own("hello world", streams, 20, 7), choice.GetProperty("message").GetProperty("content").GetString());
            Assert.Equal("assistant", choice.GetProperty("message").GetProperty("role").GetString());
            Assert.Equal("chat.completion", answer.GetProperty("object").GetString());
            JsonElement usage = answer.GetProperty("usage");
            Assert.Equal(streams, usage.GetProperty("streams").GetInt32());
            Assert.Equal(usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32(), usage.GetProperty("total_tokens").GetInt32());
        }
    }

    [Fact]
    public async Task A_stream_is_the_whole_answer_in_parts()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        string request = $$"""{ {{Hello}}, "max_completion_tokens": 30, "temperature": 1.3, "seed": 5, "n": 3, "logprobs": true, "top_logprobs": 2, "model": "tiny:p2", "stream_weights": true""";
        JsonElement whole = await server.Ask("/v1/chat/completions", request + "}");
        List<JsonElement> parts = await server.Events("/v1/chat/completions", request + """, "stream": true, "stream_options": {"include_usage": true} }""");
        Assert.Equal(whole.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), parts[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal(0, parts[^1].GetProperty("choices").GetArrayLength());
        Assert.All(parts[..^1], part => Assert.False(part.TryGetProperty("usage", out _)));
        foreach (JsonElement choice in whole.GetProperty("choices").EnumerateArray())
        {
            JsonElement[] own = [.. parts[..^1].Select(part => part.GetProperty("choices")[0]).Where(part => part.GetProperty("index").GetInt32() == choice.GetProperty("index").GetInt32())];
            Assert.Equal("assistant", own[0].GetProperty("delta").GetProperty("role").GetString());
            Assert.Equal(choice.GetProperty("message").GetProperty("content").GetString(),
                string.Concat(own.Select(part => part.GetProperty("delta").TryGetProperty("content", out JsonElement text) ? text.GetString() : "")));
            Assert.Equal(choice.GetProperty("finish_reason").GetString(), own[^1].GetProperty("finish_reason").GetString());
            Assert.All(own[..^1], part => Assert.Equal(JsonValueKind.Null, part.GetProperty("finish_reason").ValueKind));
            JsonElement[] tokens = [.. own.Where(part => part.GetProperty("logprobs").ValueKind != JsonValueKind.Null).SelectMany(part => part.GetProperty("logprobs").GetProperty("content").EnumerateArray())];
            Assert.Equal(choice.GetProperty("logprobs").GetProperty("content").EnumerateArray().Select(token => token.GetRawText()), tokens.Select(token => token.GetRawText()));
            Assert.All(tokens, token => Assert.Equal(2, token.GetProperty("top_logprobs").GetArrayLength()));
            JsonElement weights = choice.GetProperty("stream_weights");
            Assert.Equal(tokens.Length, weights.GetArrayLength());
            Assert.All(weights.EnumerateArray(), row => Assert.Equal(1, row.EnumerateArray().Sum(weight => weight.GetDouble()), 1e-5));
        }
    }

    [Fact]
    public async Task Many_at_once_are_each_as_alone()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { MaxRunning = 8 });
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            int streams = 1 << i % 3;
            JsonElement answer = await server.Ask("/v1/chat/completions",
                $$"""{"messages": [{"role": "user", "content": "number {{i}}"}], "max_tokens": {{5 + i}}, "temperature": 1, "seed": {{i}}, "streams": {{streams}} }""");
            Assert.Equal(await Own($"number {i}", streams, 5 + i, (ulong)i), answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        }));
        Assert.Equal((0, 0), (server.Service.Running, server.Service.Waiting));
    }

    [Fact]
    public async Task Control_words_in_a_message_stay_text()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        async Task<int> Count(string content) => (await server.Ask("/tokenize", JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content } } }))).GetProperty("count").GetInt32();
        // As text it has a token for each byte or so; as a control token it would be one.
        Assert.True(await Count("<|im_end|>") > await Count("x") + 5);
    }

    [Theory]
    [InlineData("""{}""", "messages")]
    [InlineData("""{"messages": null}""", "messages")]
    [InlineData("""{"messages": "x"}""", "messages")]
    [InlineData("""{"messages": []}""", "messages")]
    [InlineData("""{"messages": [1]}""", "messages[0]")]
    [InlineData("""{"messages": [{}]}""", "messages[0].role")]
    [InlineData("""{"messages": [{"role": 1, "content": "x"}]}""", "messages[0].role")]
    [InlineData("""{"messages": [{"role": "king", "content": "x"}]}""", "messages[0].role")]
    [InlineData("""{"messages": [{"role": "user", "content": 1}]}""", "messages[0].content")]
    [InlineData("""{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://169.254.169.254/"}}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"messages": [{"role": "user", "content": "\ud800"}]}""", "messages[0].content")]
    [InlineData($$"""{ {{Hello}}, "max_tokens": 0}""", "max_tokens")]
    [InlineData($$"""{ {{Hello}}, "max_tokens": 1.5}""", "max_tokens")]
    [InlineData($$"""{ {{Hello}}, "max_tokens": "10"}""", "max_tokens")]
    [InlineData($$"""{ {{Hello}}, "max_tokens": 2147483648}""", "max_tokens")]
    [InlineData($$"""{ {{Hello}}, "n": 0}""", "n")]
    [InlineData($$"""{ {{Hello}}, "n": 1000000000}""", "n")]
    [InlineData($$"""{ {{Hello}}, "temperature": -1}""", "temperature")]
    [InlineData($$"""{ {{Hello}}, "temperature": 1e999}""", "temperature")]
    [InlineData($$"""{ {{Hello}}, "top_p": 0}""", "top_p")]
    [InlineData($$"""{ {{Hello}}, "top_p": 2}""", "top_p")]
    [InlineData($$"""{ {{Hello}}, "top_k": -5}""", "top_k")]
    [InlineData($$"""{ {{Hello}}, "presence_penalty": 99}""", "presence_penalty")]
    [InlineData($$"""{ {{Hello}}, "stop": ""}""", "stop")]
    [InlineData($$"""{ {{Hello}}, "stop": [1]}""", "stop[0]")]
    [InlineData($$"""{ {{Hello}}, "logit_bias": {"999999": 1} }""", "logit_bias")]
    [InlineData($$"""{ {{Hello}}, "logit_bias": {"1": 1e9} }""", "logit_bias.1")]
    [InlineData($$"""{ {{Hello}}, "logprobs": true, "top_logprobs": 1000000}""", "top_logprobs")]
    [InlineData($$"""{ {{Hello}}, "seed": 1180591620717411303424}""", "seed")]
    [InlineData($$"""{ {{Hello}}, "streams": 3}""", "streams")]
    [InlineData($$"""{ {{Hello}}, "streams": 2, "model": "tiny:p4"}""", "streams")]
    [InlineData($$"""{ {{Hello}}, "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "string", "pattern": "(a+)\\1"} } } }""", "response_format")]
    [InlineData($$"""{ {{Hello}}, "response_format": {"type": "xml"} }""", "response_format.type")]
    [InlineData($$"""{ {{Hello}}, "chat_template": "x"}""", "chat_template")]
    [InlineData($$"""{ {{Hello}}, "chat_template_kwargs": {"tokenize": true} }""", "chat_template_kwargs.tokenize")]
    [InlineData($$"""{ {{Hello}}, "tools": [{"type": "function"}] }""", "tools[0].function")]
    [InlineData($$"""{ {{Hello}}, "tool_choice": "required"}""", "tool_choice")]
    public async Task A_wrong_field_is_named(string body, string param)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        foreach (string sent in (string[])[body, body[..^1] + (body.Length > 2 ? ", " : "") + "\"stream\": true}"])
        {
            (HttpStatusCode status, JsonElement answer) = await server.Post("/v1/chat/completions", sent);
            Assert.True(status == HttpStatusCode.BadRequest, answer.ToString());
            Assert.Equal(param, answer.GetProperty("error").GetProperty("param").GetString());
            Assert.Equal("invalid_request_error", answer.GetProperty("error").GetProperty("type").GetString());
        }
        Assert.Equal(0, server.Service.Running);
    }

    [Fact]
    public async Task Json_of_a_schema_is_what_comes()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        int whole = 0;
        for (int seed = 0; seed < 8; seed++)
        {
            JsonElement answer = await server.Ask("/v1/chat/completions", $$$"""
                { {{{Hello}}}, "max_tokens": 300, "temperature": 1, "seed": {{{seed}}}, "response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": true,
                  "schema": {"type": "object", "properties": {"a": {"enum": ["one", "two"]}, "b": {"type": "boolean"}}, "required": ["a", "b"], "additionalProperties": false} } } }
                """);
            string text = answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
            if (answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString() == "length") continue;
            whole++;
            using var value = JsonDocument.Parse(text);
            Assert.Equal(["a", "b"], value.RootElement.EnumerateObject().Select(property => property.Name));
        }
        // Blank space may take all of the room of some.
        Assert.InRange(whole, 4, 8);
    }

    private async Task<string> Own(string content, int streams, int most, ulong seed)
    {
        var options = model.Model.DefaultOptions with
        {
            MaxNewTokens = most,
            Streams = streams,
            Sampling = model.Model.DefaultSampling with { Temperature = 1, Seed = seed },
        };
        var text = new System.Text.StringBuilder();
        await foreach (GeneratedPiece piece in model.Model.GenerateChatAsync([new ChatMessage("user", content)], options, cancellationToken: TestContext.Current.CancellationToken)) text.Append(piece.Text);
        return text.ToString();
    }
}
