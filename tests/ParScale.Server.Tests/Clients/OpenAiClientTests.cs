using System.ClientModel;
using System.Text;
using OpenAI;
using OpenAI.Chat;

namespace ParScale.Server.Tests.Clients;

/// <summary>The official client for .NET, unchanged.</summary>
public sealed class OpenAiClientTests(ChatModel model)
{
    [Fact]
    public async Task It_chats_whole_and_streamed()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["key"] });
        ChatClient client = new(model: "tiny:p2", new ApiKeyCredential("key"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "/v1") });
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 24, Temperature = 1, IncludeLogProbabilities = true, TopLogProbabilityCount = 3 };
        options.Seed = 11;
        ChatCompletion whole = await client.CompleteChatAsync([new SystemChatMessage("Be brief."), new UserChatMessage("hello")], options, TestContext.Current.CancellationToken);
        var text = new StringBuilder();
        ChatTokenUsage? usage = null;
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(
            [new SystemChatMessage("Be brief."), new UserChatMessage("hello")], options, TestContext.Current.CancellationToken))
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate) text.Append(part.Text);
            usage = update.Usage ?? usage;
        }
        Assert.Equal(whole.Content.Count == 0 ? "" : whole.Content[0].Text, text.ToString());
        Assert.Equal(whole.Usage.OutputTokenCount, usage?.OutputTokenCount);
        Assert.Equal(whole.Usage.OutputTokenCount, whole.ContentTokenLogProbabilities.Count);
        Assert.Equal(3, whole.ContentTokenLogProbabilities[0].TopLogProbabilities.Count);
    }

    [Fact]
    public async Task Its_errors_are_ours()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        ChatClient client = new(model: "nobody", new ApiKeyCredential("any"), new OpenAIClientOptions { Endpoint = new Uri(server.Address, "/v1") });
        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() => client.CompleteChatAsync(new UserChatMessage("x")));
        Assert.Equal(404, refused.Status);
        Assert.Contains("nobody", refused.Message, StringComparison.Ordinal);
    }
}
