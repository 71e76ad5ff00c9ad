using ParScale.Generation;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Formats;
using ParScale.Tests.Families;

namespace ParScale.Tests.Engine;

/// <summary>Streams of an elastic model that rest until the plain model is unsure, and then read all that they have missed.</summary>
public sealed class LazyStreamsTests : IDisposable
{
    private const int Vocabulary = 60;

    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null, 2.0, 4)]
    [InlineData(1.5, null, 4)]
    [InlineData(2.5, 0.5, 4)]
    [InlineData(null, null, 2)]
    [InlineData(1.0, 0.0, 4)]
    [InlineData(null, 0.0, 2)]
    [InlineData(null, 99.0, 4)]
    public async Task A_token_gets_the_bits_of_all_streams_above_the_threshold_and_of_the_plain_model_below(double? budget, double? threshold, int streams)
    {
        using LanguageModel model = Load();
        var options = new GenerationOptions
        {
            MaxNewTokens = 50,
            Streams = streams,
            Gate = new StreamGate { Budget = budget, Threshold = threshold },
            TopLogProbs = 3,
            StreamWeights = true,
            IgnoreEndOfText = true,
            Sampling = new SamplingOptions { Temperature = 1.5, Seed = 4 },
        };
        int[] prompt = [3, 9, 27];
        // The rule of docs/math.md over the public API: the same tokens through sessions of their own.
        using Session plain = model.CreateSession(60, 1), all = model.CreateSession(60, streams);
        var rule = new GateRule(budget, threshold, streams);
        int caughtUp = 0;
        GenerationStatistics? figures = null;
        int[] next = prompt;
        await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options, Stop))
        {
            figures ??= piece.Statistics;
            if (piece.TokenId is not { } token) continue;
            float[] alone = plain.Append(next, Stop).ToArray(), mixed = all.Append(next, Stop).ToArray();
            Assert.NotEqual(alone, mixed);
            bool opens = rule.Opens(Softmax.Entropy(alone));
            PredictedToken expected = PredictedToken.Of(opens ? mixed : alone, token, 3);
            Assert.Equal(expected.LogProb, piece.Prediction!.LogProb);
            Assert.Equal(expected.Top, piece.Prediction.Top);
            Assert.Equal(opens ? streams : null, piece.StreamWeights?.Length);
            if (opens) caughtUp = all.Position;
            next = [token];
        }
        Assert.Equal(50, rule.Count);
        Assert.Equal((streams, caughtUp), (figures!.Streams, figures.CatchUpTokens));
        rule.CheckMean(figures.MeanStreams);
        if (budget == 1 || threshold == 99) Assert.Equal(0, figures.CatchUpTokens);
        if (threshold == 0 && budget is null) Assert.Equal(streams, figures.MeanStreams);
    }

    [Theory]
    [InlineData(0, 4, 120)]
    [InlineData(100, 1, 120)]
    [InlineData(0, 4, 3)]
    public async Task Always_open_is_all_streams_and_never_open_is_the_plain_model(double threshold, int streams, int prompt)
    {
        using LanguageModel model = Load(reuse: false);
        var options = new GenerationOptions { MaxNewTokens = 30, IgnoreEndOfText = true, TopLogProbs = 4, Sampling = new SamplingOptions { Temperature = 1, Seed = 9 } };
        int[] tokens = FamilyRun.Tokens(prompt, Vocabulary);
        Assert.Equal(
            await Everything(model, tokens, options with { Streams = streams }),
            await Everything(model, tokens, options with { Streams = 4, Gate = new StreamGate { Threshold = threshold } }));
    }

    [Theory]
    [InlineData(WeightDtype.F32, KvDtype.F32)]
    [InlineData(WeightDtype.Q8, KvDtype.Bf16)]
    public async Task Requests_at_the_same_time_get_what_each_gets_alone(WeightDtype type, KvDtype cache)
    {
        string[] alone = new string[40];
        using (LanguageModel model = Load(type, cache, reuse: false))
            for (int i = 0; i < alone.Length; i++) alone[i] = await Run(model, i);
        // The second budget has room for two or three of them, and finished ones are in the way or gone on from.
        foreach (long? budget in (long?[])[null, 250_000])
        {
            using LanguageModel many = Load(type, cache, budget: budget);
            for (int round = 0; round < 2; round++)
                Assert.Equal(alone, await Task.WhenAll(Enumerable.Range(0, alone.Length).Select(i => Task.Run(() => Run(many, i), Stop))));
        }
    }

    [Fact]
    public async Task Keys_that_turn_with_the_length_are_those_of_the_whole_text()
    {
        FamilyConfigs.Write(_folder.Path, "llama-dynamic", 2, seed: 6);
        CutCheckpoint.MakeElastic(_folder.Path, 1, 2);
        using LanguageModel model = LanguageModel.Load(_folder.Path, new LoadOptions { Threads = 2 });
        List<int> tokens = [.. FamilyRun.Tokens(6, model.Config.VocabularySize)];
        var options = new GenerationOptions { MaxNewTokens = 14, IgnoreEndOfText = true, TopLogProbs = 3, StreamWeights = true, Gate = new StreamGate { Budget = 1.4 }, Sampling = new SamplingOptions { Seed = 2 } };
        int open = 0;
        foreach (int _ in Enumerable.Range(0, 2))
        {
            List<int> text = [.. tokens];
            await foreach (GeneratedPiece piece in model.GenerateAsync(tokens.ToArray(), options, Stop))
            {
                if (piece.TokenId is not { } token) continue;
                if (piece.StreamWeights is not null) open++;
                Assert.Equal(PredictedToken.Of(model.Logits(text.ToArray(), piece.StreamWeights is null ? 1 : 2, Stop).Last, token, 3).Top, piece.Prediction!.Top);
                text.Add(token);
            }
        }
        Assert.InRange(open, 2, 20);
    }

    [Fact]
    public async Task A_later_prompt_begins_with_what_each_of_both_has_read()
    {
        using LanguageModel model = Load();
        int[] prompt = FamilyRun.Tokens(30, Vocabulary);
        var options = new GenerationOptions { MaxNewTokens = 1, IgnoreEndOfText = true, Streams = 4 };
        async Task<(int, int)> Read(int[] tokens, double threshold)
        {
            GenerationStatistics? figures = null;
            await foreach (GeneratedPiece piece in model.GenerateAsync(tokens, options with { Gate = new StreamGate { Threshold = threshold } }, Stop)) figures = piece.Statistics ?? figures;
            return (figures!.CachedTokens, figures.CatchUpTokens);
        }
        Assert.Equal((0, 0), await Read(prompt, 100));
        Assert.Equal((29, 30), await Read(prompt, 0));
        Assert.Equal((30, 0), await Read([.. prompt, 1, 2, 3], 100));
        // All streams have the first 30 tokens and read the rest; and what they read serves requests without a gate.
        Assert.Equal((32, 3), await Read([.. prompt, 1, 2, 3], 0));
        GenerationStatistics? ordinary = null;
        await foreach (GeneratedPiece piece in model.GenerateAsync((int[])[.. prompt, 1, 2, 3, 4], options, Stop)) ordinary = piece.Statistics ?? ordinary;
        Assert.Equal((33, 0, 4.0), (ordinary!.CachedTokens, ordinary.CatchUpTokens, ordinary.MeanStreams));
    }

    [Fact]
    public async Task Room_is_taken_for_both_and_given_back()
    {
        var options = new GenerationOptions { MaxNewTokens = 40, IgnoreEndOfText = true, Streams = 4, Gate = new StreamGate { Threshold = 1 } };
        long plain, all;
        using (LanguageModel model = Load(reuse: false))
        {
            using (model.CreateSession(49, 1)) plain = model.KvMemoryInUse;
            using (model.CreateSession(49, 4)) all = model.KvMemoryInUse;
            int[] prompt = FamilyRun.Tokens(10, Vocabulary);
            using var cancel = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options with { MaxNewTokens = 100_000, ContextShift = true }, cancel.Token))
                    await cancel.CancelAsync();
            });
            // Its memory is back as soon as the engine has looked again.
            for (int i = 0; i < 200 && model.KvMemoryInUse > 0; i++) await Task.Delay(20, Stop);
            Assert.Equal(0, model.KvMemoryInUse);
            Assert.Equal(40, await Count(model, 10));
            Assert.Equal(0, model.KvMemoryInUse);
        }
        using LanguageModel tight = Load(reuse: false, budget: plain + all);
        Assert.Equal(40, await Count(tight, 10));
        var refused = Assert.Throws<ParScaleException>(() => tight.GenerateAsync(new int[40], options, Stop));
        Assert.Equal(("KV-01", ErrorKind.NotEnoughMemory), (refused.Code, refused.Kind));
        Assert.Contains("1 and again with 4 streams", refused.Message, StringComparison.Ordinal);

        async Task<int> Count(LanguageModel model, int length)
        {
            int count = 0;
            await foreach (GeneratedPiece piece in model.GenerateAsync(new int[length], options, Stop)) count += piece.TokenId is null ? 0 : 1;
            return count;
        }
    }

    [Fact]
    public void Only_streams_with_a_plain_model_of_their_own_can_rest()
    {
        foreach (int[] counts in (int[][])[[], [2, 4]])
        {
            using LanguageModel model = Load(counts: counts);
            var refused = Assert.Throws<ParScaleException>(() => model.GenerateAsync(new int[] { 1 }, new GenerationOptions { Gate = new StreamGate() }, Stop));
            Assert.Equal(("GE-08", ErrorKind.Usage), (refused.Code, refused.Kind));
            Assert.Contains("\"p4\" (P = 4) cannot rest", refused.Message, StringComparison.Ordinal);
            Assert.False(model.Streams.CanRest);
        }
        using LanguageModel elastic = Load();
        Assert.Equal([false, true, true], elastic.StreamSets.Select(set => set.CanRest));
        Assert.Contains("at most 2", Assert.Throws<ParScaleException>(
            () => elastic.GenerateAsync(new int[] { 1 }, new GenerationOptions { Streams = 2, Gate = new StreamGate { Budget = 3 } }, Stop)).Message, StringComparison.Ordinal);
    }

    // All kinds of requests, and everything that each gave to the last bit.
    private static Task<string> Run(LanguageModel model, int number)
    {
        var random = new Random(number);
        int[] prompt = [.. Enumerable.Range(0, 20).Select(i => (i * 7 + number % 3) % Vocabulary), .. Enumerable.Range(0, random.Next(1, 90)).Select(_ => random.Next(Vocabulary))];
        int kind = random.Next(5);
        var options = new GenerationOptions
        {
            MaxNewTokens = random.Next(1, 40),
            Streams = kind == 0 ? 1 : kind == 1 || random.Next(2) == 0 ? 4 : 2,
            Gate = kind < 2 ? null : new StreamGate { Budget = kind == 2 ? 1.2 + random.NextDouble() / 2 : null, Threshold = random.Next(2) == 0 ? 2.5 : null },
            IgnoreEndOfText = true,
            TopLogProbs = 2,
            StreamWeights = random.Next(2) == 0,
            PromptLogProbs = random.Next(4) == 0,
            ContextShift = random.Next(2) == 0,
            Sampling = new SamplingOptions { Temperature = random.Next(2) * 1.2, Seed = (ulong)number },
        };
        return Everything(model, prompt, options);
    }

    private static async Task<string> Everything(LanguageModel model, int[] prompt, GenerationOptions options)
    {
        var lines = new List<string>();
        await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options, Stop))
        {
            foreach (PredictedToken? token in (PredictedToken?[])[piece.Prediction, .. piece.PromptPredictions ?? []])
                if (token is not null) lines.Add(FormattableString.Invariant($"{token.TokenId} {token.LogProb:R} {string.Join(' ', token.Top.Select(top => $"{top.TokenId}={top.LogProb:R}"))}"));
            if (piece.StreamWeights is { } weights) lines.Add(string.Join(' ', weights));
            if (piece.Statistics is { } figures) lines.Add(FormattableString.Invariant($"{figures.NewTokens} {figures.MeanStreams:R} {piece.FinishReason}"));
        }
        return string.Join('\n', lines);
    }

    private LanguageModel Load(WeightDtype? type = null, KvDtype? cache = null, bool reuse = true, long? budget = null, int[]? counts = null)
    {
        string folder = _folder.File($"model{counts?.Length}");
        if (!Directory.Exists(folder))
        {
            RandomCheckpoint.Write(folder, RandomCheckpoint.Config(4, hidden: 32, heads: 4, vocabulary: Vocabulary, maxPositions: 128), seed: 3);
            if (counts is not []) CutCheckpoint.MakeElastic(folder, counts ?? [1, 2, 4]);
        }
        return LanguageModel.Load(folder, new LoadOptions { Dtype = type, KvDtype = cache, ReusePrefixes = reuse, KvMemory = budget, Threads = 2 });
    }
}
