using System.Net;
using System.Text.Json;

namespace ParScale.Server.Tests;

public sealed class ResponseEndpointTests(ChatModel model)
{
    [Fact]
    public async Task The_text_is_that_of_a_chat()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        const string same = """ "temperature": 1, "seed": 7, "streams": 2 """;
        JsonElement chat = await server.Ask("/v1/chat/completions", $$"""
            { "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}, {"role": "assistant", "content": "the"},
              {"role": "user", "content": "world, again"}], "max_tokens": 20, {{same}} }
            """);
        JsonElement response = await server.Ask("/v1/responses", $$"""
            { "instructions": "Be brief.", "input": [{"role": "user", "content": "hello"}, {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "the"}]},
              {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "world, "}, {"type": "input_text", "text": "again"}]}], "max_output_tokens": 20, {{same}} }
            """);
        Assert.Equal(chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), Text(response));
        JsonElement usage = response.GetProperty("usage"), chatUsage = chat.GetProperty("usage");
        Assert.Equal(chatUsage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("input_tokens").GetInt32());
        Assert.Equal(chatUsage.GetProperty("completion_tokens").GetInt32(), usage.GetProperty("output_tokens").GetInt32());
        Assert.Equal(chatUsage.GetProperty("total_tokens").GetInt32(), usage.GetProperty("total_tokens").GetInt32());
        Assert.Equal(2, usage.GetProperty("streams").GetInt32());
        Assert.Equal("Be brief.", response.GetProperty("instructions").GetString());
        Assert.False(response.GetProperty("store").GetBoolean());
    }

    [Fact]
    public async Task Calls_and_their_results_are_those_of_a_chat()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        JsonElement response = await server.Ask("/v1/responses", """
            { "input": [{"role": "user", "content": "hello"}, {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{\"city\": \"Bern\"}"},
              {"type": "function_call_output", "call_id": "c1", "output": "sunny"}], "max_output_tokens": 12, "temperature": 0 }
            """);
        JsonElement chat = await server.Ask("/v1/chat/completions", """
            { "messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\": \"Bern\"}"}}]},
              {"role": "tool", "tool_call_id": "c1", "content": "sunny"}], "max_tokens": 12, "temperature": 0 }
            """);
        Assert.Equal(chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), Text(response));
        Assert.Equal(chat.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), response.GetProperty("usage").GetProperty("input_tokens").GetInt32());
    }

    [Theory]
    [InlineData(10, "incomplete")]
    [InlineData(300, "completed")]
    public async Task A_stream_is_the_response_in_events(int most, string status)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        // A form that ends by itself, so that the longer one is completed.
        string request = $$"""
            { "input": "hello", "model": "tiny:p2", "max_output_tokens": {{most}}, "temperature": 1, "seed": 4, "top_logprobs": 2, "include": ["message.output_text.logprobs"],
              "stream_weights": true, "text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "string", "maxLength": 20, "minLength": 12} } }, "metadata": {"a": "b"}
            """;
        JsonElement whole = await server.Ask("/v1/responses", request + "}");
        Assert.Equal(status, whole.GetProperty("status").GetString());
        if (status == "incomplete") Assert.Equal("max_output_tokens", whole.GetProperty("incomplete_details").GetProperty("reason").GetString());
        else Assert.Equal(JsonValueKind.String, JsonDocument.Parse(Text(whole)).RootElement.ValueKind);
        List<JsonElement> events = await server.NamedEvents("/v1/responses", request + """, "stream": true }""");
        string[] names = [.. events.Select(one => one.GetProperty("type").GetString()!)];
        Assert.Equal(["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"], names[..4]);
        Assert.Equal(["response.output_text.done", "response.content_part.done", "response.output_item.done", $"response.{status}"], names[^4..]);
        Assert.All(names[4..^4], name => Assert.Equal("response.output_text.delta", name));
        JsonElement[] deltas = [.. events.Skip(4).SkipLast(4)];
        Assert.Equal(Text(whole), string.Concat(deltas.Select(one => one.GetProperty("delta").GetString())));
        Assert.Equal(Text(whole), events[^4].GetProperty("text").GetString());
        JsonElement part = whole.GetProperty("output")[0].GetProperty("content")[0];
        Assert.Equal(part.GetProperty("logprobs").EnumerateArray().Select(one => one.GetRawText()), deltas.SelectMany(one => one.GetProperty("logprobs").EnumerateArray()).Select(one => one.GetRawText()));
        Assert.Equal(whole.GetProperty("usage").GetProperty("output_tokens").GetInt32(), part.GetProperty("logprobs").GetArrayLength());
        Assert.Equal(part.GetProperty("stream_weights").EnumerateArray().Select(one => one.GetRawText()), deltas.SelectMany(one => one.GetProperty("stream_weights").EnumerateArray()).Select(one => one.GetRawText()));
        // The last event holds the same response, but for what differs each time.
        JsonElement last = events[^1].GetProperty("response");
        Assert.Equal(part.GetRawText(), last.GetProperty("output")[0].GetProperty("content")[0].GetRawText());
        Assert.Equal(whole.EnumerateObject().Select(field => field.Name), last.EnumerateObject().Select(field => field.Name));
        Assert.Equal("in_progress", events[0].GetProperty("response").GetProperty("status").GetString());
        string id = events[0].GetProperty("response").GetProperty("id").GetString()!, item = events[2].GetProperty("item").GetProperty("id").GetString()!;
        Assert.Equal(id, last.GetProperty("id").GetString());
        Assert.Equal(item, last.GetProperty("output")[0].GetProperty("id").GetString());
        Assert.All(deltas, one => Assert.Equal(item, one.GetProperty("item_id").GetString()));
    }

    [Theory]
    [InlineData("""{}""", "input")]
    [InlineData("""{"input": 1}""", "input")]
    [InlineData("""{"input": []}""", "input")]
    [InlineData("""{"input": [1]}""", "input[0]")]
    [InlineData("""{"input": [{}]}""", "input[0].role")]
    [InlineData("""{"input": [{"role": "king", "content": "x"}]}""", "input[0].role")]
    [InlineData("""{"input": [{"role": "user"}]}""", "input[0].content")]
    [InlineData("""{"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "file:///etc/passwd"}]}]}""", "input[0].content[0].type")]
    [InlineData("""{"input": [{"type": "item_reference", "id": "x"}]}""", "input[0].type")]
    [InlineData("""{"input": [{"type": "function_call", "name": "x", "arguments": "{}"}]}""", "input[0].call_id")]
    [InlineData("""{"input": "x", "max_output_tokens": 0}""", "max_output_tokens")]
    [InlineData("""{"input": "x", "store": true}""", "store")]
    [InlineData("""{"input": "x", "background": true}""", "background")]
    [InlineData("""{"input": "x", "previous_response_id": "resp_1"}""", "previous_response_id")]
    [InlineData("""{"input": "x", "conversation": "conv_1"}""", "conversation")]
    [InlineData("""{"input": "x", "messages": []}""", "messages")]
    [InlineData("""{"input": "x", "response_format": {"type": "text"}}""", "response_format")]
    [InlineData("""{"input": "x", "n": 2}""", "n")]
    [InlineData("""{"input": "x", "text": {"format": {"type": "xml"}}}""", "text.format.type")]
    [InlineData("""{"input": "x", "text": {"format": {"type": "json_schema"}}}""", "text.format.schema")]
    [InlineData("""{"input": "x", "text": {"format": {"type": "json_schema", "schema": {"type": "string", "pattern": "(a+)\\1"}}}}""", "text.format")]
    [InlineData("""{"input": "x", "text": {"verbosity": "low"}}""", "text.verbosity")]
    [InlineData("""{"input": "x", "tools": [{"type": "web_search"}]}""", "tools[0].type")]
    [InlineData("""{"input": "x", "tools": [{"type": "function"}]}""", "tools[0].name")]
    [InlineData("""{"input": "x", "tool_choice": "required"}""", "tool_choice")]
    [InlineData("""{"input": "x", "truncation": "left"}""", "truncation")]
    [InlineData("""{"input": "x", "metadata": {"a": "\udc00"}}""", "metadata.a")]
    [InlineData("""{"input": "x", "include": [1]}""", "include[0]")]
    [InlineData("""{"input": "x", "streams": 3}""", "streams")]
    public async Task A_wrong_field_is_named(string body, string param)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        foreach (string sent in (string[])[body, body[..^1] + (body.Length > 2 ? ", " : "") + "\"stream\": true}"])
        {
            (HttpStatusCode status, JsonElement answer) = await server.Post("/v1/responses", sent);
            Assert.True(status == HttpStatusCode.BadRequest, answer.ToString());
            Assert.Equal(param, answer.GetProperty("error").GetProperty("param").GetString());
        }
        Assert.Equal(0, server.Service.Running);
    }

    [Theory]
    [InlineData("GET", "/v1/responses/resp_1", 404)]
    [InlineData("DELETE", "/v1/responses/resp_1", 404)]
    [InlineData("POST", "/v1/responses/resp_1/cancel", 404)]
    [InlineData("GET", "/v1/responses", 405)]
    public async Task No_response_is_kept(string method, string path, int expected)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using HttpResponseMessage answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected, (int)answer.StatusCode);
        Assert.NotEqual("", TestServer.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("error").GetProperty("message").GetString());
    }

    private static string Text(JsonElement response)
    {
        JsonElement message = Assert.Single(response.GetProperty("output").EnumerateArray());
        Assert.Equal("assistant", message.GetProperty("role").GetString());
        return Assert.Single(message.GetProperty("content").EnumerateArray()).GetProperty("text").GetString()!;
    }
}
