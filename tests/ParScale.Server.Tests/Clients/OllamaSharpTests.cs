using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OllamaSharp;
using OllamaSharp.Models;
using OllamaSharp.Models.Chat;
using ChatRole = OllamaSharp.Models.Chat.ChatRole;

namespace ParScale.Server.Tests.Clients;

/// <summary>The client of Ollama for .NET, unchanged.</summary>
public sealed class OllamaSharpTests(ChatModel model)
{
    private static readonly RequestOptions Greedy = new() { Temperature = 0, NumPredict = 24, NumCtx = 4096 };

    [Fact]
    public async Task It_chats_and_remembers()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var client = new OllamaApiClient(server.Address, "tiny:p2");
        var chat = new Chat(client, "Be brief.") { Options = Greedy };
        var texts = new List<string>();
        foreach (string message in (string[])["Write one line about the sea.", "Another."])
        {
            var text = new StringBuilder();
            await foreach (string piece in chat.SendAsync(message, TestContext.Current.CancellationToken)) text.Append(piece);
            texts.Add(text.ToString());
        }
        // The same by the other API.
        JsonElement first = await server.Ask("/v1/chat/completions", Body([new("system", "Be brief."), new("user", "Write one line about the sea.")]));
        Assert.Equal(first.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), texts[0]);
        JsonElement second = await server.Ask("/v1/chat/completions",
            Body([new("system", "Be brief."), new("user", "Write one line about the sea."), new("assistant", texts[0]), new("user", "Another.")]));
        Assert.Equal(second.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), texts[1]);
    }

    [Fact]
    public async Task It_tells_how_an_answer_ended()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var client = new OllamaApiClient(server.Address, "tiny");
        ChatResponseStream? last = null;
        var request = new ChatRequest { Model = "tiny", Messages = [new Message(ChatRole.User, "hello")], Options = Greedy, Stream = true };
        await foreach (ChatResponseStream? piece in client.ChatAsync(request, TestContext.Current.CancellationToken)) last = piece;
        ChatDoneResponseStream done = Assert.IsType<ChatDoneResponseStream>(last);
        Assert.InRange(done.EvalCount, 1, 24);
        Assert.True(done.PromptEvalCount > 0 && done.TotalDuration > 0);
        Assert.Contains(done.DoneReason, (string[])["stop", "length"]);
        Assert.NotNull(done.CreatedAt);

        GenerateResponseStream? end = null;
        await foreach (GenerateResponseStream? piece in client.GenerateAsync(new GenerateRequest { Model = "tiny", Prompt = "The sea", Options = Greedy, Stream = true }, TestContext.Current.CancellationToken)) end = piece;
        Assert.InRange(Assert.IsType<GenerateDoneResponseStream>(end).EvalCount, 1, 24);
    }

    [Fact]
    public async Task It_is_a_chat_client()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var client = new OllamaApiClient(server.Address, "tiny");
        IChatClient chat = client;
        var options = new ChatOptions
        {
            Temperature = 0,
            TopK = 40,
            TopP = 0.9f,
            FrequencyPenalty = 0.1f,
            PresencePenalty = 0.1f,
            Seed = 42,
            MaxOutputTokens = 24,
            StopSequences = ["\u0001never"],
            AdditionalProperties = new() { ["min_p"] = 0.05f },
        };
        ChatResponse whole = await chat.GetResponseAsync("Write one line about the sea.", options, TestContext.Current.CancellationToken);
        var text = new StringBuilder();
        await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync("Write one line about the sea.", options, TestContext.Current.CancellationToken)) text.Append(update.Text);
        Assert.Equal(whole.Text, text.ToString());
        Assert.InRange(whole.Usage!.OutputTokenCount!.Value, 1, 24);
        ChatResponse json = await chat.GetResponseAsync("Answer in JSON.", new ChatOptions { Temperature = 0, MaxOutputTokens = 200, ResponseFormat = ChatResponseFormat.Json }, TestContext.Current.CancellationToken);
        Assert.StartsWith("{", json.Text.TrimStart(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_lists_and_shows_models()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var client = new OllamaApiClient(server.Address, "tiny");
        Assert.Equal(["tiny", "tiny:p1", "tiny:p2", "tiny:p4"], (await client.ListLocalModelsAsync(TestContext.Current.CancellationToken)).Select(entry => entry.Name));
        Assert.Equal(4, (await client.ListRunningModelsAsync(TestContext.Current.CancellationToken)).Count());
        ShowModelResponse shown = await client.ShowModelAsync(new ShowModelRequest { Model = "tiny:p2" }, TestContext.Current.CancellationToken);
        Assert.Equal("qwen2", shown.Info.Architecture);
        Assert.Equal(model.Model.Config.Parameters, shown.Info.ParameterCount);
        Assert.True(await client.IsRunningAsync(TestContext.Current.CancellationToken));
        Assert.NotEqual("", await client.GetVersionAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Its_errors_are_ours()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        async Task Ask(string name, RequestOptions options)
        {
            using var client = new OllamaApiClient(server.Address, name);
            await foreach (string _ in new Chat(client) { Options = options }.SendAsync("x", TestContext.Current.CancellationToken)) { }
        }
        HttpRequestException unknown = await Assert.ThrowsAsync<HttpRequestException>(() => Ask("nobody", Greedy));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        // It shows the status line alone, so our words stand there too.
        Assert.Contains("the model \"nobody\" is not served; there are tiny, tiny:p1, tiny:p2, tiny:p4", unknown.Message, StringComparison.Ordinal);
        // Of a request that is wrong it tells our words.
        Exception refused = await Assert.ThrowsAnyAsync<Exception>(() => Ask("tiny", new RequestOptions { MiroStat = 1 }));
        Assert.Contains("options.mirostat", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_this_server_does_not_do_is_told_in_its_words()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var client = new OllamaApiClient(server.Address, "tiny");
        async Task Pull()
        {
            await foreach (PullModelResponse? _ in client.PullModelAsync(new PullModelRequest { Model = "qwen3" }, TestContext.Current.CancellationToken)) { }
        }
        const string Why = "the models are those that the server was started with";
        foreach (Func<Task> action in (Func<Task>[])[Pull, () => client.DeleteModelAsync(new DeleteModelRequest { Model = "tiny" }, TestContext.Current.CancellationToken),
            () => client.CopyModelAsync(new CopyModelRequest { Source = "tiny", Destination = "other" }, TestContext.Current.CancellationToken)])
        {
            HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(action);
            Assert.Equal(HttpStatusCode.NotImplemented, refused.StatusCode);
            Assert.Contains(Why, refused.Message, StringComparison.Ordinal);
        }
        Exception embed = await Assert.ThrowsAnyAsync<Exception>(() => client.EmbedAsync(new EmbedRequest { Model = "tiny", Input = ["x"] }, TestContext.Current.CancellationToken));
        Assert.Contains("the models of this server make text, no embeddings", embed.Message, StringComparison.Ordinal);
    }

    private sealed record Said(string Role, string Content);

    private static string Body(Said[] messages) => JsonSerializer.Serialize(new
    {
        model = "tiny:p2",
        max_tokens = 24,
        temperature = 0,
        messages = messages.Select(said => new { role = said.Role, content = said.Content }),
    });
}
