using System.Text.Json;
using Microsoft.Extensions.AI;
using ParScale.Extensions.AI.Tests.Support;
using ParScale.Generation;
using TemplateMessage = ParScale.Text.Chat.ChatMessage;

namespace ParScale.Extensions.AI.Tests;

/// <summary>A model behind the interface of Microsoft.Extensions.AI gives what it gives without it.</summary>
public sealed class ChatClientTests(ChatFolder folder)
{
    private static readonly ChatMessage[] Question = [new(ChatRole.User, "hello the world")];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ParScaleChatClient Client => folder.Model.AsChatClient();

    [Fact]
    public async Task A_streamed_answer_is_the_whole_one_and_that_of_the_library()
    {
        ChatOptions options = Options(seed: 7);
        ChatResponse whole = await Client.GetResponseAsync(Question, options, Token);
        List<ChatResponseUpdate> updates = await Updates(Client.GetStreamingResponseAsync(Question, options, Token));
        Assert.Equal(whole.Text, string.Concat(updates.Select(update => update.Text)));
        Assert.All(updates, update => Assert.Equal((ChatRole.Assistant, updates[0].ResponseId), (update.Role, update.ResponseId)));

        var same = new GenerationOptions { MaxNewTokens = 24, Sampling = new SamplingOptions { Temperature = 0.7, TopP = 0.9, TopK = 40, Seed = 7 } };
        Assert.Equal(await Library([new TemplateMessage("user", "hello the world")], same), whole.Text);
        Assert.NotEmpty(whole.Text);
    }

    [Fact]
    public async Task The_last_update_has_the_usage_and_why_it_ended()
    {
        List<ChatResponseUpdate> updates = await Updates(Client.GetStreamingResponseAsync(Question, Options(seed: 7), Token));
        Assert.All(updates.SkipLast(1), update => Assert.Null(update.FinishReason));
        UsageDetails usage = updates[^1].Contents.OfType<UsageContent>().Single().Details;
        int prompt = folder.Model.EncodeChat([new TemplateMessage("user", "hello the world")], cancellationToken: Token).Length;
        Assert.Equal((prompt, 24, prompt + 24), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount));
        Assert.Equal(ChatFinishReason.Length, updates[^1].FinishReason);
    }

    [Fact]
    public async Task A_second_turn_is_not_read_again()
    {
        string opening = $"a conversation of its own {Guid.NewGuid()}";
        ChatResponse first = await Client.GetResponseAsync(opening, Options(seed: 1), Token);
        Assert.InRange(first.Usage!.CachedInputTokenCount!.Value, 0, 2);
        ChatMessage[] further = [new(ChatRole.User, opening), .. first.Messages, new(ChatRole.User, "more")];
        ChatResponse second = await Client.GetResponseAsync(further, Options(seed: 1), Token);
        Assert.InRange(second.Usage!.CachedInputTokenCount!.Value, first.Usage.InputTokenCount!.Value, second.Usage.InputTokenCount!.Value - 1);
    }

    [Fact]
    public async Task Seeds_make_texts_and_stop_sequences_end_them()
    {
        string one = (await Client.GetResponseAsync(Question, Options(seed: 1), Token)).Text;
        Assert.Equal(one, (await Client.GetResponseAsync(Question, Options(seed: 1), Token)).Text);
        Assert.NotEqual(one, (await Client.GetResponseAsync(Question, Options(seed: -1), Token)).Text);

        string stop = one.Substring(one.Length / 2, 2);
        ChatOptions stopping = Options(seed: 1);
        stopping.StopSequences = [stop];
        ChatResponse stopped = await Client.GetResponseAsync(Question, stopping, Token);
        Assert.Equal(one[..one.IndexOf(stop, StringComparison.Ordinal)], stopped.Text);
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);
    }

    [Fact]
    public async Task Additional_properties_choose_streams_and_samplers()
    {
        TemplateMessage[] question = [new("user", "hello the world")];
        GenerationOptions plain = new() { MaxNewTokens = 24, Sampling = SamplingOptions.Greedy, Streams = 1 };
        string expected = await Library(question, plain);
        Assert.NotEqual(expected, await Library(question, plain with { Streams = ChatFolder.Streams }));
        foreach (object streams in (object[])[1, 1L, 1.0, JsonSerializer.SerializeToElement(1), "p1", JsonSerializer.SerializeToElement("p1")])
        {
            var options = new ChatOptions { MaxOutputTokens = 24, Temperature = 0, AdditionalProperties = new() { ["streams"] = streams, ["of_others"] = 3 } };
            Assert.Equal(expected, (await Client.GetResponseAsync(Question, options, Token)).Text);
        }
        ChatOptions narrow = Options(seed: 5);
        narrow.AdditionalProperties = new() { ["min_p"] = 0.2f, ["repetition_penalty"] = 1.3 };
        var same = new SamplingOptions { Temperature = 0.7, TopP = 0.9, TopK = 40, Seed = 5, MinP = 0.2, RepetitionPenalty = 1.3 };
        Assert.Equal(await Library(question, new() { MaxNewTokens = 24, Sampling = same }), (await Client.GetResponseAsync(Question, narrow, Token)).Text);
    }

    [Fact]
    public async Task Ten_calls_at_once_get_what_each_gets_alone()
    {
        ChatOptions[] options = [.. Enumerable.Range(0, 10).Select(i => Options(i, streams: 1 + i % 2))];
        string[] together = await Task.WhenAll(options.Select(async each => (await Client.GetResponseAsync(Question, each, Token)).Text));
        for (int i = 0; i < options.Length; i++) Assert.Equal((await Client.GetResponseAsync(Question, options[i], Token)).Text, together[i]);
        Assert.Equal(10, together.Distinct().Count());
    }

    [Fact]
    public async Task A_cancelled_call_ends_and_the_next_runs()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ChatResponseUpdate _ in Client.GetStreamingResponseAsync(Question, Options(seed: 1, tokens: 400), cancel.Token)) await cancel.CancelAsync();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client.GetResponseAsync(Question, Options(seed: 1), cancel.Token));
        Assert.NotEmpty((await Client.GetResponseAsync(Question, Options(seed: 1), Token)).Text);
    }

    [Fact]
    public async Task Without_a_limit_an_answer_ends_where_its_keys_have_no_more_room()
    {
        const int room = 96;
        using LanguageModel free = LanguageModel.Load(folder.Path);
        using Session session = free.CreateSession(room);
        using LanguageModel tight = LanguageModel.Load(folder.Path, new LoadOptions { KvMemory = free.KvMemoryInUse });
        using ParScaleChatClient client = tight.AsChatClient();
        UsageDetails usage = (await client.GetResponseAsync(Question, new ChatOptions { Seed = 1 }, Token)).Usage!;
        Assert.Equal(room + 1, usage.TotalTokenCount);
        Assert.Equal("KV-01", Assert.Throws<ParScaleException>(() => client.GetStreamingResponseAsync(Question, new ChatOptions { MaxOutputTokens = 200 }, Token)).Code);
    }

    [Fact]
    public async Task Options_of_the_library_come_through_the_raw_representation()
    {
        var options = new ChatOptions { RawRepresentationFactory = _ => new GenerationOptions { MaxNewTokens = 3, TopLogProbs = 2, Sampling = SamplingOptions.Greedy } };
        List<ChatResponseUpdate> updates = await Updates(Client.GetStreamingResponseAsync(Question, options, Token));
        Assert.Contains(updates, update => ((GeneratedPiece)update.RawRepresentation!).Prediction is not null);
        Assert.Equal(3, updates[^1].Contents.OfType<UsageContent>().Single().Details.OutputTokenCount);
    }

    [Fact]
    public void Services_are_the_client_the_model_and_its_name()
    {
        ParScaleChatClient client = folder.Model.AsChatClient("small");
        Assert.Same(folder.Model, client.GetService<LanguageModel>());
        Assert.Same(client, client.GetService<IChatClient>());
        Assert.Equal(("parscale", "small"), (client.GetService<ChatClientMetadata>()!.ProviderName, client.GetService<ChatClientMetadata>()!.DefaultModelId));
        Assert.Equal(Path.GetFileName(folder.Path), Client.GetService<ChatClientMetadata>()!.DefaultModelId);
        Assert.Null(client.GetService<string>());
        Assert.Null(client.GetService(typeof(LanguageModel), "key"));
    }

    private static ChatOptions Options(long seed, int tokens = 24, int? streams = null) => new()
    {
        MaxOutputTokens = tokens,
        Temperature = 0.7f,
        TopP = 0.9f,
        TopK = 40,
        Seed = seed,
        AdditionalProperties = streams is null ? null : new() { ["streams"] = streams },
    };

    private static async Task<List<ChatResponseUpdate>> Updates(IAsyncEnumerable<ChatResponseUpdate> updates)
    {
        var list = new List<ChatResponseUpdate>();
        await foreach (ChatResponseUpdate update in updates) list.Add(update);
        return list;
    }

    private async Task<string> Library(TemplateMessage[] messages, GenerationOptions options)
    {
        string text = "";
        await foreach (GeneratedPiece piece in folder.Model.GenerateChatAsync(messages, options, cancellationToken: Token)) text += piece.Text;
        return text;
    }
}
