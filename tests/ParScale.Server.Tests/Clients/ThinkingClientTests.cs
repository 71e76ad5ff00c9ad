using System.ClientModel;
using Microsoft.Extensions.AI;
using OllamaSharp;
using OpenAI;
using ParScale.Server.Tests.Thinking;
using static ParScale.TestSupport.ThinkingModels;

namespace ParScale.Server.Tests.Clients;

/// <summary>Clients that know thinking find it; those that do not get the answer alone.</summary>
public sealed class ThinkingClientTests(ThinkingFixture models)
{
    [Fact]
    public async Task OllamaSharp_shows_it()
    {
        await using TestServer server = await TestServer.Start(models["opening"]);
        using var client = new OllamaApiClient(server.Address, "tiny");
        var thoughts = new List<string>();
        var chat = new Chat(client) { Think = true };
        chat.OnThink += (_, thought) => thoughts.Add(thought);
        var text = new System.Text.StringBuilder();
        await foreach (string piece in chat.SendAsync("What is it?", TestContext.Current.CancellationToken)) text.Append(piece);
        Assert.Equal((Thought, Said), (string.Concat(thoughts), text.ToString()));

        ChatResponse whole = await ((IChatClient)client).GetResponseAsync("What is it?", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((Thought, Said), (string.Concat(whole.Messages.SelectMany(message => message.Contents).OfType<TextReasoningContent>().Select(content => content.Text)), whole.Text));
    }

    [Fact]
    public async Task OpenAIs_client_gets_the_answer_alone()
    {
        await using TestServer server = await TestServer.Start(models["opening"]);
        var openAi = new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "/v1") });
        var chat = openAi.GetChatClient("tiny");
        var messages = new OpenAI.Chat.ChatMessage[] { new OpenAI.Chat.UserChatMessage("What is it?") };
        Assert.Equal(Said, (await chat.CompleteChatAsync(messages, cancellationToken: TestContext.Current.CancellationToken)).Value.Content[0].Text);
        var text = new System.Text.StringBuilder();
        await foreach (OpenAI.Chat.StreamingChatCompletionUpdate update in chat.CompleteChatStreamingAsync(messages, cancellationToken: TestContext.Current.CancellationToken))
            foreach (OpenAI.Chat.ChatMessageContentPart part in update.ContentUpdate) text.Append(part.Text);
        Assert.Equal(Said, text.ToString());
    }

    [Fact]
    public async Task Extensions_AI_finds_it_in_responses()
    {
        await using TestServer server = await TestServer.Start(models["opening"]);
        using IChatClient client = new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "/v1") }).GetResponsesClient().AsIChatClient("tiny");
        ChatResponse whole = await client.GetResponseAsync("What is it?", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Said, whole.Text);
        Assert.Single(whole.Messages.SelectMany(message => message.Contents).OfType<TextReasoningContent>());
        // It goes back as it came.
        await client.GetResponseAsync([new ChatMessage(ChatRole.User, "What is it?"), .. whole.Messages, new ChatMessage(ChatRole.User, "Sure?")], cancellationToken: TestContext.Current.CancellationToken);
    }
}
