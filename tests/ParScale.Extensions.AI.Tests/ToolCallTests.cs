using System.Text.Json;
using Microsoft.Extensions.AI;
using ParScale.Extensions.AI.Tests.Support;
using ParScale.Generation;
using ParScale.Text.Chat.Tools;
using TemplateMessage = ParScale.Text.Chat.ChatMessage;

namespace ParScale.Extensions.AI.Tests;

/// <summary>Functions that a model calls, JSON that it must write, and penalties, through the interface of Microsoft.Extensions.AI.</summary>
public sealed class ToolCallTests(ChatFolder folder) : IDisposable
{
    private const string Said = "It is sunny in Rome.";

    private readonly ScriptedModel _scripted = new(ToolTemplates.Hermes,
        ["I'll look.", "\n<tool_call>\n{\"name\": \"get_weather\", ", "\"arguments\": {\"city\": \"Rome\", \"days\": 2}}\n</tool_call>"], [Said]);

    private readonly List<string> _asked = [];

    internal enum City
    {
        Rome,
        Paris,
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private AIFunction Weather => AIFunctionFactory.Create((City city, int days) => { _asked.Add($"{city} {days}"); return "sunny"; }, "get_weather", "Weather of a city");

    public void Dispose() => _scripted.Dispose();

    [Fact]
    public async Task A_call_comes_as_content_of_its_own()
    {
        Assert.Equal(ToolCallFormat.Hermes, _scripted.Model.ToolCallFormat);
        ChatResponse response = await _scripted.Model.AsChatClient().GetResponseAsync("Weather in Rome?", new ChatOptions { Tools = [Weather], Temperature = 0 }, Token);
        Assert.Equal(("I'll look.", ChatFinishReason.ToolCalls), (response.Text, response.FinishReason));
        FunctionCallContent call = Assert.Single(response.Messages[0].Contents.OfType<FunctionCallContent>());
        Assert.Equal("get_weather", call.Name);
        Assert.Equal(("Rome", 2), (((JsonElement)call.Arguments!["city"]!).GetString(), ((JsonElement)call.Arguments["days"]!).GetInt32()));
    }

    [Fact]
    public async Task Functions_are_invoked_whole_and_streamed()
    {
        using IChatClient client = _scripted.Model.AsChatClient().AsBuilder().UseFunctionInvocation().Build();
        var options = new ChatOptions { Tools = [Weather], Temperature = 0, AdditionalProperties = new() { ["streams"] = 2 } };
        ChatResponse response = await client.GetResponseAsync("Weather in Rome?", options, Token);
        Assert.Equal(("Rome 2", Said), (Assert.Single(_asked), response.Messages[^1].Text));
        string streamed = "";
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Weather in Rome?", options, Token)) streamed += update.Text;
        Assert.Equal(("I'll look." + Said, 2), (streamed, _asked.Count));
    }

    [Fact]
    public async Task A_required_call_has_arguments_of_the_functions_schema()
    {
        foreach (ChatToolMode mode in (ChatToolMode[])[ChatToolMode.RequireAny, ChatToolMode.RequireSpecific("get_weather")])
        {
            for (int seed = 0; seed < 5; seed++)
            {
                var options = new ChatOptions { Tools = [Weather], ToolMode = mode, Temperature = 100, Seed = seed, MaxOutputTokens = 1500 };
                ChatResponse response = await _scripted.Model.AsChatClient().GetResponseAsync("x", options, Token);
                FunctionCallContent call = Assert.Single(response.Messages[0].Contents.OfType<FunctionCallContent>());
                Assert.True(Enum.TryParse($"{call.Arguments!["city"]}", out City _));
                Assert.Equal(JsonValueKind.Number, ((JsonElement)call.Arguments["days"]!).ValueKind);
            }
        }
    }

    [Fact]
    public void What_a_template_cannot_do_is_refused()
    {
        using var client = new ParScaleChatClient(folder.Model);
        // This template shows tools, and writes calls in a manner of its own.
        Assert.NotNull(client.GetStreamingResponseAsync("x", new ChatOptions { Tools = [Weather] }, Token));
        Refused("TL-03", client, new ChatOptions { Tools = [Weather], ToolMode = ChatToolMode.RequireAny });
        using var scripted = new ParScaleChatClient(_scripted.Model);
        Refused("TL-04", scripted, new ChatOptions { Tools = [Weather], ToolMode = ChatToolMode.RequireSpecific("other") });
        Refused("TL-01", scripted, new ChatOptions { Tools = [Weather, Weather] });
    }

    [Fact]
    public async Task Json_of_a_type_is_what_comes()
    {
        for (int seed = 0; seed < 5; seed++)
        {
            var options = new ChatOptions { Temperature = 1, Seed = seed, MaxOutputTokens = 400 };
            ChatResponse<Place> place = await folder.Model.AsChatClient().GetResponseAsync<Place>("A place.", options, cancellationToken: Token);
            if (place.FinishReason != ChatFinishReason.Length) Assert.True(Enum.IsDefined(place.Result.City));
            options.ResponseFormat = ChatResponseFormat.Json;
            Assert.StartsWith("{", (await folder.Model.AsChatClient().GetResponseAsync("x", options, Token)).Text, StringComparison.Ordinal);
        }
        Refused("JS-02", folder.Model.AsChatClient(), new ChatOptions
        {
            ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"type": "array", "uniqueItems": true}""")),
        });
    }

    [Fact]
    public async Task Penalties_are_those_of_the_library()
    {
        var options = new ChatOptions { MaxOutputTokens = 24, Temperature = 0, FrequencyPenalty = 1.5f, PresencePenalty = 0.3f };
        var same = new GenerationOptions { MaxNewTokens = 24, Sampling = SamplingOptions.Greedy with { FrequencyPenalty = 1.5, PresencePenalty = 0.3 } };
        string expected = "", plain = "";
        await foreach (GeneratedPiece piece in folder.Model.GenerateChatAsync([new TemplateMessage("user", "hello")], same, cancellationToken: Token)) expected += piece.Text;
        Assert.Equal(expected, (await folder.Model.AsChatClient().GetResponseAsync("hello", options, Token)).Text);
        plain = (await folder.Model.AsChatClient().GetResponseAsync("hello", new ChatOptions { MaxOutputTokens = 24, Temperature = 0 }, Token)).Text;
        Assert.NotEqual(plain, expected);
    }

    private static void Refused(string code, ParScaleChatClient client, ChatOptions options) =>
        Assert.Equal(code, Assert.Throws<ParScaleException>(() => client.GetStreamingResponseAsync("x", options, Token)).Code);

    internal sealed record Place(City City, bool Large);
}
