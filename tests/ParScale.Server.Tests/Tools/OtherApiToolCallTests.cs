using System.Text.Json;

namespace ParScale.Server.Tests.Tools;

/// <summary>The same calls by the other two APIs.</summary>
public sealed class OtherApiToolCallTests(ToolModels models)
{
    private const string Flat = """
        "tools": [{"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"enum": ["Rome", "Paris"]}}, "required": ["city"], "additionalProperties": false} }]
        """;

    [Theory]
    [InlineData("hermes", 1)]
    [InlineData("mistral", 1)]
    [InlineData("two", 2)]
    public async Task A_response_has_calls_as_items(string format, int count)
    {
        await using TestServer server = await TestServer.Start(models[format]);
        const string Ask = $$""" "input": "Weather in Rome?", "temperature": 0, "top_logprobs": 1, {{Flat}} """;
        JsonElement whole = await server.Ask("/v1/responses", $$"""{ {{Ask}} }""");
        Assert.Equal("completed", whole.GetProperty("status").GetString());
        JsonElement[] items = [.. whole.GetProperty("output").EnumerateArray()];
        JsonElement[] calls = [.. items.Where(item => item.GetProperty("type").GetString() == "function_call")];
        Assert.Equal(count, calls.Length);
        Assert.Equal(format == "hermes" ? ["message", "function_call"] : calls.Select(_ => "function_call"), items.Select(item => item.GetProperty("type").GetString()));
        if (format == "hermes") Assert.Equal(ToolModels.Before, items[0].GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(("get_weather", """{"city": "Rome"}"""), (calls[0].GetProperty("name").GetString(), calls[0].GetProperty("arguments").GetString()));

        List<JsonElement> events = await server.NamedEvents("/v1/responses", $$"""{ {{Ask}}, "stream": true }""");
        JsonElement last = events[^1].GetProperty("response");
        Assert.Equal(items.Select(Shape), last.GetProperty("output").EnumerateArray().Select(Shape));
        // Every item begins and ends once, at the place that it has.
        string[] Names(string type, Func<JsonElement, string> of) => [.. events.Where(one => one.GetProperty("type").GetString() == type).OrderBy(one => one.GetProperty("output_index").GetInt32()).Select(of)];
        Assert.Equal(last.GetProperty("output").EnumerateArray().Select(item => item.GetRawText()), Names("response.output_item.done", one => one.GetProperty("item").GetRawText()));
        Assert.Equal(last.GetProperty("output").EnumerateArray().Select(item => item.GetProperty("id").GetString()), Names("response.output_item.added", one => one.GetProperty("item").GetProperty("id").GetString()!));
        foreach (string type in (string[])["response.function_call_arguments.delta", "response.function_call_arguments.done"])
        {
            Assert.Equal(calls.Select(call => call.GetProperty("arguments").GetString()),
                Names(type, one => one.GetProperty(type.EndsWith("done", StringComparison.Ordinal) ? "arguments" : "delta").GetString()!));
        }

        // What came of it goes back, as it is.
        string back = string.Join(',', items.Select(item => item.GetRawText()).Concat(calls.Select(call => $$"""{"type": "function_call_output", "call_id": {{call.GetProperty("call_id").GetRawText()}}, "output": "sunny"}""")));
        JsonElement answer = await server.Ask("/v1/responses", $$"""{"input": [{"role": "user", "content": "Weather in Rome?"}, {{back}}], "temperature": 0, {{Flat}} }""");
        Assert.Equal(ToolModels.Said, answer.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());

        static string Shape(JsonElement item) => item.GetProperty("type").GetString() == "message" ? item.GetProperty("content").GetRawText() : item.GetProperty("name").GetString() + item.GetProperty("arguments").GetString();
    }

    [Fact]
    public async Task A_response_can_be_made_to_call()
    {
        await using TestServer server = await TestServer.Start(models["hermes"]);
        foreach (string choice in (string[])["\"required\"", """{"type": "function", "name": "get_weather"}"""])
        {
            JsonElement whole = await server.Ask("/v1/responses", $$"""{"input": "x", "temperature": 100, "seed": 1, "max_output_tokens": 900, {{Flat}}, "tool_choice": {{choice}} }""");
            JsonElement call = Assert.Single(whole.GetProperty("output").EnumerateArray());
            Assert.Equal("get_weather", call.GetProperty("name").GetString());
            Assert.True(JsonElement.DeepEquals(TestServer.Parse(choice), whole.GetProperty("tool_choice")));
        }
    }

    [Theory]
    [InlineData("hermes")]
    [InlineData("granite")]
    public async Task Ollamas_calls_have_objects(string format)
    {
        await using TestServer server = await TestServer.Start(models[format]);
        const string Ask = $$""" "messages": [{"role": "user", "content": "Weather in Rome?"}], "options": {"temperature": 0}, {{ToolModels.Tools}} """;
        JsonElement whole = await server.Ask("/api/chat", $$"""{ {{Ask}}, "stream": false }""");
        JsonElement message = whole.GetProperty("message");
        Assert.Equal(format == "hermes" ? ToolModels.Before : "", message.GetProperty("content").GetString());
        JsonElement call = Assert.Single(message.GetProperty("tool_calls").EnumerateArray()).GetProperty("function");
        Assert.Equal(("get_weather", "Rome", "stop"), (call.GetProperty("name").GetString(), call.GetProperty("arguments").GetProperty("city").GetString(), whole.GetProperty("done_reason").GetString()));
        List<JsonElement> lines = await server.Lines("/api/chat", $$"""{ {{Ask}} }""");
        JsonElement streamed = Assert.Single(lines, line => line.GetProperty("message").TryGetProperty("tool_calls", out _));
        Assert.Equal(call.GetRawText(), streamed.GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function").GetRawText());
        JsonElement answer = await server.Ask("/api/chat", $$"""
            {"messages": [{"role": "user", "content": "Weather in Rome?"}, {{message.GetRawText()}}, {"role": "tool", "tool_name": "get_weather", "content": "sunny"}], "options": {"temperature": 0}, {{ToolModels.Tools}}, "stream": false}
            """);
        Assert.Equal(ToolModels.Said, answer.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(["completion", "tools"], (await server.Ask("/api/show", "{}")).GetProperty("capabilities").EnumerateArray().Select(one => one.GetString()));
    }
}
