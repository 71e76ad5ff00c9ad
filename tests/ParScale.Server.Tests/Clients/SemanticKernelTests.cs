using System.ComponentModel;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Connectors.OpenAI;
using ParScale.Server.Tests.Tools;

namespace ParScale.Server.Tests.Clients;

/// <summary>Semantic Kernel's connector for OpenAI, unchanged.</summary>
public sealed class SemanticKernelTests(ToolModels models)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_calls_functions_whole_and_streamed()
    {
        // The connector writes names as PLUGIN-FUNCTION.
        using var scripted = new ScriptedModel(ToolTemplates.Hermes,
            ["<tool_call>\n{\"name\": \"weather-get\", ", "\"arguments\": {\"city\": \"Rome\"}}\n</tool_call>"], [ToolModels.Said]);
        await using TestServer server = await TestServer.Start(scripted.Model, new ServerOptions { ApiKeys = ["test-key"] });
        var weather = new Weather();
        Kernel kernel = Kernel(server);
        kernel.Plugins.AddFromObject(weather, "weather");
        var settings = new OpenAIPromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto(), Temperature = 0, MaxTokens = 64 };
        var chat = kernel.GetRequiredService<IChatCompletionService>();
        ChatMessageContent answer = await chat.GetChatMessageContentAsync(new ChatHistory("Weather in Rome?"), settings, kernel, Token);
        Assert.Equal((ToolModels.Said, "Rome"), (answer.Content, Assert.Single(weather.Asked)));
        string streamed = "";
        await foreach (StreamingChatMessageContent part in chat.GetStreamingChatMessageContentsAsync(new ChatHistory("Weather in Rome?"), settings, kernel, Token)) streamed += part.Content;
        Assert.Equal((ToolModels.Said, 2), (streamed, weather.Asked.Count));
        // Required once, then with the placeholder that none may call.
        settings.FunctionChoiceBehavior = FunctionChoiceBehavior.Required();
        settings.MaxTokens = 2000;
        Assert.Equal(ToolModels.Said, (await chat.GetChatMessageContentAsync(new ChatHistory("Weather in Rome?"), settings, kernel, Token)).Content);
        Assert.Equal(3, weather.Asked.Count);
    }

    [Fact]
    public async Task It_runs_a_prompt_and_its_options_arrive()
    {
        await using TestServer server = await TestServer.Start(models["hermes"]);
        var settings = new OpenAIPromptExecutionSettings
        {
            Temperature = 0,
            TopP = 0.9,
            MaxTokens = 24,
            PresencePenalty = 0.1,
            FrequencyPenalty = 0.1,
            StopSequences = ["\n<"],
            Seed = 42,
            User = "user-1",
            Logprobs = true,
            TopLogprobs = 2,
            ChatSystemPrompt = "Be brief.",
        };
        FunctionResult result = await Kernel(server).InvokePromptAsync("A line about {{$what}}.", new KernelArguments(settings) { ["what"] = "the sea" }, cancellationToken: Token);
        Assert.Equal(ToolModels.Before, result.GetValue<string>());
    }

    private static Kernel Kernel(TestServer server) =>
        Microsoft.SemanticKernel.Kernel.CreateBuilder().AddOpenAIChatCompletion("tiny", new Uri(server.Address, "/v1"), "test-key").Build();

    private sealed class Weather
    {
        public List<string> Asked { get; } = [];

        [KernelFunction("get"), Description("Weather of a city")]
        public string Get(City city)
        {
            Asked.Add($"{city}");
            return "sunny";
        }
    }

    internal enum City
    {
        Rome,
        Paris,
    }
}
