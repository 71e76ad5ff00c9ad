using System.Net;
using System.Text.Json;
using static ParScale.TestSupport.ThinkingModels;

[assembly: AssemblyFixture(typeof(ParScale.Server.Tests.Thinking.ThinkingFixture))]

namespace ParScale.Server.Tests.Thinking;

/// <summary>The models, each made when it is first asked for.</summary>
public sealed class ThinkingFixture : IDisposable
{
    private readonly Dictionary<string, Lazy<ScriptedModel>> _models = new()
    {
        ["opening"] = new(Opening),
        ["opened"] = new(Opened),
        ["controls"] = new(Controls),
    };

    public LanguageModel this[string name] => _models[name].Value.Model;

    public void Dispose()
    {
        foreach (Lazy<ScriptedModel> model in _models.Values)
            if (model.IsValueCreated) model.Value.Dispose();
    }
}

/// <summary>What a model thinks before it answers comes apart, in the shape of OpenAI's chats.</summary>
public sealed class ThinkingTests(ThinkingFixture models)
{
    private const string Ask = """ "messages": [{"role": "user", "content": "What is it?"}], "temperature": 0 """;

    public static TheoryData<string> Models => ["opening", "opened", "controls"];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task A_whole_answer_has_it_in_a_field(string name)
    {
        await using TestServer server = await TestServer.Start(models[name]);
        JsonElement answer = await server.Ask("/v1/chat/completions", $$"""{ {{Ask}}, "logprobs": true }""");
        JsonElement choice = answer.GetProperty("choices")[0], message = choice.GetProperty("message");
        Assert.Equal((Thought, Said, "stop"), (message.GetProperty("reasoning_content").GetString(), message.GetProperty("content").GetString(), choice.GetProperty("finish_reason").GetString()));
        // Of the marks the prompt may hold the first.
        int thinking = name == "opened" ? ThoughtTokens - 1 : ThoughtTokens;
        JsonElement usage = answer.GetProperty("usage");
        Assert.Equal(thinking, usage.GetProperty("completion_tokens_details").GetProperty("reasoning_tokens").GetInt32());
        Assert.Equal(usage.GetProperty("completion_tokens").GetInt32(), choice.GetProperty("logprobs").GetProperty("content").GetArrayLength());
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task A_stream_has_it_in_deltas_as_it_comes(string name)
    {
        await using TestServer server = await TestServer.Start(models[name]);
        List<JsonElement> events = await server.Events("/v1/chat/completions", $$"""{ {{Ask}}, "stream": true, "n": 2 }""");
        for (int index = 0; index < 2; index++)
        {
            JsonElement[] deltas = [.. events.Select(one => one.GetProperty("choices")[0]).Where(one => one.GetProperty("index").GetInt32() == index).Select(one => one.GetProperty("delta"))];
            string[] Of(string field) => [.. deltas.Where(delta => delta.TryGetProperty(field, out _)).Select(delta => delta.GetProperty(field).GetString()!).Where(text => text.Length > 0)];
            // A token is not kept for the next one.
            Assert.Equal(["Let me", " see."], Of("reasoning_content"));
            Assert.Equal(["It is", " 42."], Of("content"));
            int begins = Array.FindIndex(deltas, delta => delta.TryGetProperty("content", out JsonElement text) && text.GetString() != "");
            Assert.DoesNotContain(deltas[begins..], delta => delta.TryGetProperty("reasoning_content", out _));
            Assert.All(deltas.Where(delta => delta.TryGetProperty("reasoning_content", out _)), delta => Assert.False(delta.TryGetProperty("content", out _)));
        }
    }

    [Theory]
    [InlineData("opening", """ "chat_template_kwargs": {"enable_thinking": false} """)]
    [InlineData("opened", """ "chat_template_kwargs": {"enable_thinking": false} """)]
    [InlineData("opening", """ "reasoning_effort": "none" """)]
    public async Task It_can_be_turned_off(string name, string field)
    {
        await using TestServer server = await TestServer.Start(models[name]);
        JsonElement message = (await server.Ask("/v1/chat/completions", $$"""{ {{Ask}}, {{field}} }""")).GetProperty("choices")[0].GetProperty("message");
        Assert.Equal(AtOnce, message.GetProperty("content").GetString());
        Assert.False(message.TryGetProperty("reasoning_content", out _));
    }

    [Theory]
    [InlineData("opening", "<think>\nLet me see.\n</think>\n\nIt is 42.")]
    [InlineData("opened", "\nLet me see.\n</think>\n\nIt is 42.")]
    [InlineData("controls", "[THINK]Let me see.[/THINK]It is 42.")]
    public async Task It_can_be_left_in_the_text(string name, string text)
    {
        await using TestServer server = await TestServer.Start(models[name]);
        JsonElement message = (await server.Ask("/v1/chat/completions", $$"""{ {{Ask}}, "reasoning_format": "none" }""")).GetProperty("choices")[0].GetProperty("message");
        Assert.Equal(text, message.GetProperty("content").GetString());
        Assert.False(message.TryGetProperty("reasoning_content", out _));
        (HttpStatusCode status, JsonElement error) = await server.Post("/v1/chat/completions", $$"""{ {{Ask}}, "reasoning_format": "hidden" }""");
        Assert.Equal((HttpStatusCode.BadRequest, "reasoning_format"), (status, error.GetProperty("error").GetProperty("param").GetString()));
    }

    [Fact]
    public async Task What_the_limit_cuts_is_thinking()
    {
        await using TestServer server = await TestServer.Start(models["opening"]);
        JsonElement choice = (await server.Ask("/v1/chat/completions", $$"""{ {{Ask}}, "max_tokens": 2 }""")).GetProperty("choices")[0];
        Assert.Equal(("Let me", "", "length"), (choice.GetProperty("message").GetProperty("reasoning_content").GetString(), choice.GetProperty("message").GetProperty("content").GetString(), choice.GetProperty("finish_reason").GetString()));
    }

    [Theory]
    [InlineData("opened", "</think>")]
    [InlineData("opening", "</think>")]
    public async Task A_form_is_that_of_the_answer(string name, string mark)
    {
        await using TestServer server = await TestServer.Start(models[name]);
        int thought = 0;
        for (int seed = 0; seed < 4; seed++)
        {
            JsonElement choice = (await server.Ask("/v1/chat/completions", $$"""
                {"messages": [{"role": "user", "content": "x"}], "temperature": 100, "seed": {{seed}}, "max_tokens": 4000, "response_format":
                  {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object", "properties": {"b": {"type": "boolean"} }, "required": ["b"], "additionalProperties": false} } } }
                """)).GetProperty("choices")[0];
            Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
            JsonElement message = choice.GetProperty("message");
            Assert.Single(TestServer.Parse(message.GetProperty("content").GetString()!).EnumerateObject());
            if (!message.TryGetProperty("reasoning_content", out JsonElement reasoning)) continue;
            Assert.DoesNotContain(mark, reasoning.GetString(), StringComparison.Ordinal);
            thought++;
        }
        // Where the prompt has not begun the thinking, the form does not let it begin.
        Assert.Equal(name == "opened", thought > 0);
    }

    [Theory]
    [InlineData("reasoning_content")]
    [InlineData("reasoning")]
    public async Task It_goes_back_to_the_template(string field)
    {
        await using TestServer server = await TestServer.Start(models["opening"]);
        JsonElement written = await server.Ask("/apply-template", $$"""{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "{{field}}": "hm"}, {"role": "user", "content": "c"}] }""");
        Assert.Contains("(thought: hm)b<|im_end|>", written.GetProperty("prompt").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_is_continued_goes_on_thinking()
    {
        await using TestServer server = await TestServer.Start(models["opening"]);
        JsonElement message = (await server.Ask("/v1/chat/completions", """
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "<think>\nLet me"}], "continue_final_message": true, "add_generation_prompt": false, "temperature": 0}
            """)).GetProperty("choices")[0].GetProperty("message");
        Assert.Equal((" see.", Said), (message.GetProperty("reasoning_content").GetString(), message.GetProperty("content").GetString()));
    }

    [Fact]
    public async Task Calls_come_after_it()
    {
        using var scripted = new ScriptedModel(ToolTemplates.Hermes, ["<think>", "\nI could <tool_call>", "{} it.\n", "</think>", "\n\n<tool", "_call>\n{\"name\": \"get_weather\", ", "\"arguments\": {\"city\": \"Rome\"}}\n</tool_", "call>"], ["Sunny."]);
        await using TestServer server = await TestServer.Start(scripted.Model);
        JsonElement choice = (await server.Ask("/v1/chat/completions", $$"""{ {{Ask}}, {{Tools.ToolModels.Tools}} }""")).GetProperty("choices")[0];
        JsonElement message = choice.GetProperty("message");
        Assert.Equal(("I could <tool_call>{} it.", null, "tool_calls"), (message.GetProperty("reasoning_content").GetString(), message.GetProperty("content").GetString(), choice.GetProperty("finish_reason").GetString()));
        Assert.Equal("get_weather", Assert.Single(message.GetProperty("tool_calls").EnumerateArray()).GetProperty("function").GetProperty("name").GetString());
    }
}
