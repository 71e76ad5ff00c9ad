using System.ClientModel;
using System.Text;
using OpenAI.Responses;

namespace ParScale.Server.Tests.Clients;

/// <summary>The official client's responses, unchanged.</summary>
public sealed class OpenAiResponsesClientTests(ChatModel model)
{
    [Fact]
    public async Task It_gets_responses_whole_and_streamed()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["key"] });
        ResponsesClient client = Client(server);
        CreateResponseOptions Options() => new("tiny:p2",
            [ResponseItem.CreateUserMessageItem("hello"), ResponseItem.CreateAssistantMessageItem("the"), ResponseItem.CreateUserMessageItem("world")])
        {
            Instructions = "Be brief.",
            MaxOutputTokenCount = 24,
            Temperature = 0,
            StoredOutputEnabled = false,
        };
        ResponseResult whole = await client.CreateResponseAsync(Options(), TestContext.Current.CancellationToken);
        Assert.True(whole.Status == ResponseStatus.Completed || whole.IncompleteStatusDetails is not null);
        Assert.Equal(whole.Usage.TotalTokenCount, whole.Usage.InputTokenCount + whole.Usage.OutputTokenCount);
        Assert.Equal("tiny:p2", whole.Model);
        var text = new StringBuilder();
        ResponseResult? last = null;
        CreateResponseOptions streamed = Options();
        streamed.StreamingEnabled = true;
        await foreach (StreamingResponseUpdate update in client.CreateResponseStreamingAsync(streamed, TestContext.Current.CancellationToken))
        {
            if (update is StreamingResponseOutputTextDeltaUpdate delta) text.Append(delta.Delta);
            last = update switch
            {
                StreamingResponseCompletedUpdate completed => completed.Response,
                StreamingResponseIncompleteUpdate incomplete => incomplete.Response,
                _ => last,
            };
        }
        Assert.Equal(whole.GetOutputText(), text.ToString());
        Assert.Equal(whole.GetOutputText(), last?.GetOutputText());
        Assert.Equal(whole.Usage.OutputTokenCount, last?.Usage.OutputTokenCount);
        Assert.Equal(whole.Status, last?.Status);
    }

    [Fact]
    public async Task It_continues_with_the_items_it_got()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["key"] });
        ResponsesClient client = Client(server);
        var options = new CreateResponseOptions("tiny", [ResponseItem.CreateUserMessageItem("hello")]) { MaxOutputTokenCount = 8 };
        ResponseResult first = await client.CreateResponseAsync(options, TestContext.Current.CancellationToken);
        foreach (ResponseItem item in first.OutputItems) options.InputItems.Add(item);
        options.InputItems.Add(ResponseItem.CreateFunctionCallItem("c1", "weather", BinaryData.FromString("""{"city": "Bern"}""")));
        options.InputItems.Add(ResponseItem.CreateFunctionCallOutputItem("c1", "sunny"));
        ResponseResult second = await client.CreateResponseAsync(options, TestContext.Current.CancellationToken);
        Assert.True(second.Usage.InputTokenCount > first.Usage.InputTokenCount);
    }

    [Fact]
    public async Task Its_errors_are_ours()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["key"] });
        ResponsesClient client = Client(server);
        var options = new CreateResponseOptions("tiny", [ResponseItem.CreateUserMessageItem("hello")]) { PreviousResponseId = "resp_1" };
        ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() => client.CreateResponseAsync(options, TestContext.Current.CancellationToken));
        Assert.Equal(400, refused.Status);
        Assert.Contains("previous_response_id", refused.Message, StringComparison.Ordinal);
        refused = await Assert.ThrowsAsync<ClientResultException>(() => client.GetResponseAsync("resp_1", TestContext.Current.CancellationToken));
        Assert.Equal(404, refused.Status);
    }

    private static ResponsesClient Client(TestServer server) =>
        new(new ApiKeyCredential("key"), new ResponsesClientOptions { Endpoint = new Uri(server.Address, "/v1") });
}
