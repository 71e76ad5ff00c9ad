using System.Text.Json;
using static ParScale.TestSupport.ThinkingModels;

namespace ParScale.Server.Tests.Thinking;

/// <summary>The same by the other two APIs.</summary>
public sealed class OtherApiThinkingTests(ThinkingFixture models, ChatModel plain)
{
    [Fact]
    public async Task A_response_has_it_as_an_item_before_the_message()
    {
        await using TestServer server = await TestServer.Start(models["opening"]);
        const string Ask = """ "input": "What is it?", "temperature": 0 """;
        JsonElement whole = await server.Ask("/v1/responses", $$"""{ {{Ask}} }""");
        JsonElement[] items = [.. whole.GetProperty("output").EnumerateArray()];
        Assert.Equal(["reasoning", "message"], items.Select(item => item.GetProperty("type").GetString()));
        Assert.Equal(("reasoning_text", Thought), (items[0].GetProperty("content")[0].GetProperty("type").GetString(), items[0].GetProperty("content")[0].GetProperty("text").GetString()));
        Assert.Equal(0, items[0].GetProperty("summary").GetArrayLength());
        Assert.Equal(Said, items[1].GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(ThoughtTokens, whole.GetProperty("usage").GetProperty("output_tokens_details").GetProperty("reasoning_tokens").GetInt32());

        List<JsonElement> events = await server.NamedEvents("/v1/responses", $$"""{ {{Ask}}, "stream": true }""");
        Assert.Equal(
            ["created", "in_progress", "output_item.added", "content_part.added", "reasoning_text.delta", "reasoning_text.delta", "reasoning_text.done", "content_part.done", "output_item.done",
                "output_item.added", "content_part.added", "output_text.delta", "output_text.delta", "output_text.done", "content_part.done", "output_item.done", "completed"],
            events.Select(one => one.GetProperty("type").GetString()!["response.".Length..]));
        Assert.Equal(items.Select(item => item.GetProperty("content").GetRawText()), events[^1].GetProperty("response").GetProperty("output").EnumerateArray().Select(item => item.GetProperty("content").GetRawText()));
        Assert.Equal(["in_progress", "completed"], events.Where(one => one.TryGetProperty("item", out _)).Take(2).Select(one => one.GetProperty("item").GetProperty("status").GetString()));
        Assert.Equal((0, 1), (events[4].GetProperty("output_index").GetInt32(), events[11].GetProperty("output_index").GetInt32()));

        // What came of it goes back, as it is.
        await server.Ask("/v1/responses", $$"""{"input": [{"role": "user", "content": "What is it?"}, {{string.Join(',', items.Select(item => item.GetRawText()))}}, {"role": "user", "content": "Sure?"}], "max_output_tokens": 4}""");
        JsonElement off = await server.Ask("/v1/responses", $$"""{ {{Ask}}, "reasoning": {"effort": "none"} }""");
        Assert.Equal(AtOnce, Assert.Single(off.GetProperty("output").EnumerateArray()).GetProperty("content")[0].GetProperty("text").GetString());
        JsonElement cut = await server.Ask("/v1/responses", $$"""{ {{Ask}}, "max_output_tokens": 2 }""");
        Assert.Equal(("incomplete", "reasoning", "incomplete"), (cut.GetProperty("status").GetString(), Assert.Single(cut.GetProperty("output").EnumerateArray()).GetProperty("type").GetString(), cut.GetProperty("output")[0].GetProperty("status").GetString()));
    }

    [Theory]
    [InlineData("""[{"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}, {"role": "assistant", "content": "b"}]""", "(thought: hm)b<|im_end|>")]
    [InlineData("""[{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}, {"role": "assistant", "content": "b"}]""", "(thought: hm)b<|im_end|>")]
    [InlineData("""[{"type": "reasoning", "summary": [], "encrypted_content": "x"}, {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}]""", "assistant\n<|im_end|>")]
    public void What_was_thought_and_said_is_one_turn(string input, string written)
    {
        List<Text.Chat.ChatMessage> messages = ParScale.Server.Responses.ResponseInput.Read(new ParScale.Server.Requests.Fields(TestServer.Parse($$"""{"input": {{input}} }""")));
        Assert.Single(messages);
        Assert.Contains(written, models["opening"].ChatTemplate!.Render(messages, cancellation: TestContext.Current.CancellationToken).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ollama_has_it_beside_the_content()
    {
        await using TestServer server = await TestServer.Start(models["opening"]);
        const string Ask = """ "messages": [{"role": "user", "content": "What is it?"}], "options": {"temperature": 0} """;
        foreach (string think in (string[])["", """, "think": true"""])
        {
            JsonElement message = (await server.Ask("/api/chat", $$"""{ {{Ask}}, "stream": false {{think}} }""")).GetProperty("message");
            Assert.Equal((Thought, Said), (message.GetProperty("thinking").GetString(), message.GetProperty("content").GetString()));
            JsonElement[] lines = [.. (await server.Lines("/api/chat", $$"""{ {{Ask}} {{think}} }""")).Select(line => line.GetProperty("message"))];
            Assert.Equal(["Let me", " see."], lines.Where(line => line.TryGetProperty("thinking", out _)).Select(line => line.GetProperty("thinking").GetString()));
            Assert.Equal(Said, string.Concat(lines.Select(line => line.GetProperty("content").GetString())));
        }
        JsonElement off = (await server.Ask("/api/chat", $$"""{ {{Ask}}, "stream": false, "think": false }""")).GetProperty("message");
        Assert.Equal(AtOnce, off.GetProperty("content").GetString());
        Assert.False(off.TryGetProperty("thinking", out _));
        JsonElement generated = await server.Ask("/api/generate", """{"prompt": "What is it?", "options": {"temperature": 0}, "stream": false}""");
        Assert.Equal((Thought, Said), (generated.GetProperty("thinking").GetString(), generated.GetProperty("response").GetString()));
        Assert.Contains("thinking", (await server.Ask("/api/show", "{}")).GetProperty("capabilities").EnumerateArray().Select(one => one.GetString()));
    }

    [Fact]
    public async Task Where_there_is_no_switch_turning_it_on_is_refused_unless_the_model_thinks_in_any_case()
    {
        const string Ask = """{"messages": [{"role": "user", "content": "x"}], "stream": false, "options": {"num_predict": 6, "temperature": 0}, "think": true}""";
        await using (TestServer controls = await TestServer.Start(models["controls"]))
            Assert.Equal(Thought, (await controls.Ask("/api/chat", Ask)).GetProperty("message").GetProperty("thinking").GetString());
        await using TestServer server = await TestServer.Start(plain.Model);
        Assert.StartsWith("the model's template does not know thinking", (await server.Post("/api/chat", Ask)).Body.GetProperty("error").GetString(), StringComparison.Ordinal);
        await server.Ask("/api/chat", Ask.Replace("true}", "false}", StringComparison.Ordinal));
        Assert.DoesNotContain("thinking", (await server.Ask("/api/show", "{}")).GetProperty("capabilities").EnumerateArray().Select(one => one.GetString()));
    }
}
