using System.ClientModel;
using System.ComponentModel;
using Microsoft.Extensions.AI;
using OpenAI;
using ParScale.Server.Tests.Tools;

namespace ParScale.Server.Tests.Clients;

/// <summary>Microsoft.Extensions.AI over its OpenAI adapter, unchanged.</summary>
public sealed class ExtensionsAiClientTests(ToolModels models)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_calls_functions_whole_and_streamed()
    {
        await using TestServer server = await TestServer.Start(models["hermes"], new ServerOptions { ApiKeys = ["test-key"] });
        var asked = new List<string>();
        AIFunction weather = AIFunctionFactory.Create(([Description("City")] string city) => { asked.Add(city); return "sunny"; }, "get_weather", "Weather of a city");
        using IChatClient client = Client(server).AsBuilder().UseFunctionInvocation().Build();
        var options = new ChatOptions { Tools = [weather], Temperature = 0, MaxOutputTokens = 64 };
        ChatResponse whole = await client.GetResponseAsync("Weather in Rome?", options, Token);
        Assert.Equal(["Rome"], asked);
        Assert.Equal(ToolModels.Before + ToolModels.Said, string.Concat(whole.Messages.Select(message => message.Text)));
        string streamed = "";
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Weather in Rome?", options, Token)) streamed += update.Text;
        Assert.Equal(["Rome", "Rome"], asked);
        Assert.Equal(ToolModels.Before + ToolModels.Said, streamed);
    }

    [Fact]
    public async Task It_requires_a_function_of_a_kind()
    {
        await using TestServer server = await TestServer.Start(models["llama"]);
        AIFunction weather = AIFunctionFactory.Create((City city) => $"{city}", "get_weather", "Weather of a city");
        foreach (ChatToolMode mode in (ChatToolMode[])[ChatToolMode.RequireAny, ChatToolMode.RequireSpecific("get_weather")])
        {
            ChatResponse response = await Client(server).GetResponseAsync("x", new ChatOptions { Tools = [weather], ToolMode = mode, MaxOutputTokens = 400, AllowMultipleToolCalls = false }, Token);
            FunctionCallContent call = Assert.Single(response.Messages[0].Contents.OfType<FunctionCallContent>());
            Assert.Equal(("get_weather", ChatFinishReason.ToolCalls), (call.Name, response.FinishReason));
            Assert.Contains($"{call.Arguments!["city"]}", (string[])["Rome", "Paris"]);
        }
    }

    [Fact]
    public async Task Its_options_arrive()
    {
        await using TestServer server = await TestServer.Start(models["hermes"]);
        ChatResponse response = await Client(server).GetResponseAsync([new(ChatRole.System, "Be brief."), new(ChatRole.User, "x")], new ChatOptions
        {
            Instructions = "Speak plainly.",
            Temperature = 0.5f,
            TopP = 0.9f,
            FrequencyPenalty = 0.1f,
            PresencePenalty = 0.1f,
            MaxOutputTokens = 200,
            Seed = 42,
            StopSequences = ["\n<"],
        }, Token);
        Assert.Equal((ToolModels.Before, ChatFinishReason.Stop), (response.Text, response.FinishReason));
        Assert.True(response.Usage!.InputTokenCount > 20);
    }

    [Fact]
    public async Task It_gets_values_of_a_type()
    {
        await using TestServer server = await TestServer.Start(models["hermes"]);
        ChatResponse<Place> response = await Client(server).GetResponseAsync<Place>("A place.", new ChatOptions { Temperature = 1, Seed = 3, MaxOutputTokens = 600 }, cancellationToken: Token);
        Assert.True(Enum.IsDefined(response.Result.City));
    }

    [Fact]
    public async Task Its_responses_stream()
    {
        await using TestServer server = await TestServer.Start(models["hermes"]);
        using IChatClient client = Sdk(server).GetResponsesClient().AsIChatClient("tiny");
        string text = "";
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("x", new ChatOptions { Temperature = 0, MaxOutputTokens = 1 }, Token)) text += update.Text;
        Assert.Equal(ToolModels.Before, text);
    }

    private static OpenAIClient Sdk(TestServer server) => new(new ApiKeyCredential("test-key"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "/v1") });

    private static IChatClient Client(TestServer server) => Sdk(server).GetChatClient("tiny").AsIChatClient();

    internal enum City
    {
        Rome,
        Paris,
    }

    internal sealed record Place(City City, bool Large);
}
