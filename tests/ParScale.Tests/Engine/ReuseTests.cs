using ParScale.Generation;
using ParScale.Kernels.Formats;

namespace ParScale.Tests.Engine;

/// <summary>Sequences that go on from what was computed before: rewound, forked, or begun as an earlier one.</summary>
public sealed class ReuseTests : IDisposable
{
    private readonly EngineModel _models = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private LanguageModel Model => _models.Model;

    public void Dispose() => _models.Dispose();

    [Theory]
    [InlineData(KvDtype.F32)]
    [InlineData(KvDtype.Bf16)]
    [InlineData(KvDtype.Q8)]
    public void A_rewound_session_forgets_and_a_fork_goes_its_own_way(KvDtype cache)
    {
        using LanguageModel model = _models.Load(new LoadOptions { KvDtype = cache });
        int[] tokens = [.. Enumerable.Range(0, 60).Select(i => i * 11 % 199)];
        float[] straight = model.Logits([.. tokens[..41], 7, 8], 4, Token).Last;
        using Session session = model.CreateSession(100, streams: 4);
        session.Append(tokens, Token);
        using Session fork = session.Fork();
        using Session larger = session.Fork(130);
        foreach (Session each in (Session[])[fork, session, larger])
        {
            each.Rewind(41);
            Assert.Equal(41, each.Position);
            Assert.Equal(straight, each.Append([7, 8], Token).ToArray());
        }
        Assert.Equal((100, 100, 130), (session.Capacity, fork.Capacity, larger.Capacity));
        Assert.Throws<ParScaleException>(() => session.Rewind(44));
        Assert.Throws<ParScaleException>(() => session.Rewind(-1));
        Assert.Throws<ParScaleException>(() => session.Fork(42));
        session.Reset();
        Assert.Equal(0, session.Position);
    }

    [Fact]
    public async Task A_prompt_takes_over_the_longest_common_prefix_of_its_own_set()
    {
        int[] first = [.. Enumerable.Range(0, 50)];
        Assert.Equal(0, (await Run(first, 4)).CachedTokens);
        Assert.Equal(50, (await Run([.. first, 90, 91], 4)).CachedTokens);
        Assert.Equal(30, (await Run([.. first[..30], 92, 93], 4)).CachedTokens);
        // The same set alone, and never all of the prompt: its last token's logits are wanted.
        Assert.Equal(0, (await Run(first, 2)).CachedTokens);
        Assert.Equal(49, (await Run(first, 4)).CachedTokens);
    }

    [Fact]
    public async Task An_answer_is_part_of_what_is_reused()
    {
        var options = new GenerationOptions { MaxNewTokens = 10, Sampling = SamplingOptions.Greedy, IgnoreEndOfText = true, Streams = 2 };
        int[] prompt = [5, 6, 7];
        List<int> all = [.. prompt];
        await foreach (GeneratedPiece piece in Model.GenerateAsync(prompt, options, Token)) if (piece.TokenId is { } id) all.Add(id);
        // The last token chosen was never run.
        Assert.Equal(12, (await Run([.. all, 1, 2], 2)).CachedTokens);
    }

    [Fact]
    public async Task What_was_not_used_for_longest_goes_first()
    {
        using LanguageModel tight = _models.Load(new LoadOptions { KvMemory = 400_000 });
        int[][] prompts = [.. Enumerable.Range(0, 6).Select(i => Enumerable.Repeat(i, 30).ToArray())];
        foreach (int[] prompt in prompts) await Run(prompt, 1, tight);
        Assert.InRange(tight.KvMemoryInUse, 1, 100_000);
        Assert.Equal(29, (await Run(prompts[5], 1, tight)).CachedTokens);
        Assert.Equal(0, (await Run(prompts[0], 1, tight)).CachedTokens);
    }

    [Fact]
    public async Task What_all_prompts_begin_with_is_no_use_of_an_earlier_one()
    {
        using LanguageModel tight = _models.Load(new LoadOptions { KvMemory = 800_000 });
        int[][] prompts = [.. Enumerable.Range(0, 20).Select(i => (int[])[150, .. Enumerable.Repeat(i, 29)])];
        int kept = 0;
        foreach (int[] prompt in prompts)
        {
            long before = tight.KvMemoryInUse;
            await Run(prompt, 1, tight);
            if (tight.KvMemoryInUse > before) kept++;
        }
        Assert.InRange(kept, 3, prompts.Length - 2);
        // The last ones are there: those before them went, in the order in which they came.
        foreach (int[] prompt in prompts[^kept..].Reverse()) Assert.Equal(29, (await Run(prompt, 1, tight)).CachedTokens);
    }

    [Fact]
    public async Task A_request_without_a_scope_begins_with_no_other_and_leaves_nothing()
    {
        var alone = new GenerationOptions { MaxNewTokens = 1, Streams = 1, ReuseScope = null };
        int[] prompt = [1, 2, 3, 4];
        for (int round = 0; round < 2; round++)
        {
            GenerationStatistics? statistics = null;
            await foreach (GeneratedPiece piece in Model.GenerateAsync(prompt, alone, Token)) statistics = piece.Statistics ?? statistics;
            Assert.Equal((0, 0L), (statistics!.CachedTokens, Model.KvMemoryInUse));
        }
        Assert.Equal(0, (await Run(prompt, 1)).CachedTokens);
        Assert.Equal(3, (await Run(prompt, 1)).CachedTokens);
    }

    [Fact]
    public async Task Reuse_can_be_turned_off()
    {
        using LanguageModel model = _models.Load(new LoadOptions { ReusePrefixes = false });
        await Run([1, 2, 3, 4], 1, model);
        Assert.Equal(0, (await Run([1, 2, 3, 4, 5], 1, model)).CachedTokens);
        Assert.Equal(0, model.KvMemoryInUse);
    }

    [Fact]
    public async Task A_session_makes_finished_sequences_give_way()
    {
        using LanguageModel tight = _models.Load(new LoadOptions { KvMemory = 250_000 });
        await Run([1, 2, 3, 4], 1, tight);
        Assert.True(tight.KvMemoryInUse > 0);
        using Session session = tight.CreateSession(120, streams: 1);
        var second = Assert.Throws<ParScaleException>(() => tight.CreateSession(120, streams: 2));
        Assert.Equal(("KV-02", ErrorKind.NotEnoughMemory), (second.Code, second.Kind));
        var never = Assert.Throws<ParScaleException>(() => tight.CreateSession(160, streams: 4));
        Assert.Equal("KV-01", never.Code);
        Assert.Matches("need 360 KiB .* the budget of all sequences is 245 KiB", never.Message);
        Assert.Throws<ParScaleException>(() => tight.GenerateAsync(new int[150], new GenerationOptions { Streams = 4 }, Token));
        Assert.Throws<ParScaleException>(() => tight.Logits(new int[150], 4, Token));
    }

    [Fact]
    public async Task A_request_waits_for_room_and_nobody_overtakes_it()
    {
        using LanguageModel tight = _models.Load(new LoadOptions { KvMemory = 420_000 });
        Session holder = tight.CreateSession(100, streams: 2);
        var order = new List<string>();
        async Task Take(string name, int length, int streams)
        {
            await Run(new int[length], streams, tight);
            lock (order) order.Add(name);
        }
        Task large = Take("large", 120, 4);
        await Task.Delay(30, Token);
        Task small = Take("small", 3, 1);
        await Task.Delay(100, Token);
        Assert.False(large.IsCompleted || small.IsCompleted);
        holder.Dispose();
        await Task.WhenAll(large, small).WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.Equal(2, order.Count);
    }

    private async Task<GenerationStatistics> Run(int[] prompt, int streams, LanguageModel? model = null)
    {
        var options = new GenerationOptions { MaxNewTokens = 1, Streams = streams };
        GenerationStatistics? statistics = null;
        await foreach (GeneratedPiece piece in (model ?? Model).GenerateAsync(prompt, options, Token)) statistics = piece.Statistics ?? statistics;
        return statistics ?? throw new InvalidOperationException("no last piece");
    }
}
