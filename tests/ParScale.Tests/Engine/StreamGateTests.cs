using ParScale.Generation;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Formats;

namespace ParScale.Tests.Engine;

/// <summary>Helpers that run for some tokens alone: which, with what result, and whatever else the engine runs.</summary>
public sealed class StreamGateTests : IDisposable
{
    private const int Vocabulary = 60;

    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null, 2.0)]
    [InlineData(1.5, null)]
    [InlineData(2.5, 0.5)]
    [InlineData(null, null)]
    [InlineData(1.0, 0.0)]
    [InlineData(null, 0.0)]
    public async Task A_token_gets_all_streams_above_the_threshold_and_the_anchor_below(double? budget, double? threshold)
    {
        using LanguageModel model = Load();
        int[] prompt = [3, 9, 27];
        var options = new GenerationOptions
        {
            MaxNewTokens = 50,
            Gate = new StreamGate { Budget = budget, Threshold = threshold },
            TopLogProbs = 3,
            IgnoreEndOfText = true,
            Sampling = new SamplingOptions { Temperature = 1.5, Seed = 4 },
        };
        // The rule of docs/math.md over the public API: the same tokens through sessions that run with the anchor alone and with all.
        using Session anchor = model.CreateSession(60, 1), all = model.CreateSession(60, 4);
        var rule = new GateRule(budget, threshold, 4);
        GenerationStatistics? figures = null;
        int[] next = prompt;
        await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options, Stop))
        {
            figures ??= piece.Statistics;
            if (piece.TokenId is not { } token) continue;
            float[] plain = anchor.Append(next, Stop).ToArray(), mixed = all.Append(next, Stop).ToArray();
            PredictedToken expected = PredictedToken.Of(rule.Opens(Entropy(plain)) ? mixed : plain, token, 3);
            Assert.Equal(expected.LogProb, piece.Prediction!.LogProb);
            Assert.Equal(expected.Top, piece.Prediction.Top);
            next = [token];
        }
        Assert.Equal(50, rule.Count);
        rule.CheckMean(figures!.MeanStreams);
        if (budget == 1) Assert.Equal(1, figures.MeanStreams);
        if (threshold == 0 && budget is null) Assert.Equal(4, figures.MeanStreams);
    }

    [Theory]
    [InlineData(WeightDtype.F32, KvDtype.F32)]
    [InlineData(WeightDtype.Q8, KvDtype.Bf16)]
    public async Task Requests_at_the_same_time_get_what_each_gets_alone(WeightDtype type, KvDtype cache)
    {
        string[] alone = new string[40];
        using (LanguageModel model = Load(type, cache, reuse: false))
            for (int i = 0; i < alone.Length; i++) alone[i] = await Run(model, i);
        using LanguageModel many = Load(type, cache, reuse: true);
        for (int round = 0; round < 2; round++)
        {
            string[] found = await Task.WhenAll(Enumerable.Range(0, alone.Length).Select(i => Task.Run(() => Run(many, i), Stop)));
            Assert.Equal(alone, found);
        }
    }

    [Fact]
    public async Task Whatever_helpers_ran_a_later_prompt_begins_with_the_same_cache()
    {
        using LanguageModel model = Load();
        var options = new GenerationOptions { MaxNewTokens = 6, IgnoreEndOfText = true, Sampling = SamplingOptions.Greedy, Gate = new StreamGate { Threshold = 2 } };
        int[] prompt = [.. Enumerable.Range(0, 30)];
        Assert.Equal(0, await Cached(prompt, options));
        Assert.Equal(29, await Cached(prompt, options with { Gate = null }));
        Assert.Equal(29, await Cached(prompt, options with { Gate = null, Streams = 1 }));

        async Task<int> Cached(int[] tokens, GenerationOptions one)
        {
            GenerationStatistics? figures = null;
            await foreach (GeneratedPiece piece in model.GenerateAsync(tokens, one, Stop)) figures = piece.Statistics ?? figures;
            return figures!.CachedTokens;
        }
    }

    [Fact]
    public void A_gate_that_cannot_be_is_refused_by_name()
    {
        using LanguageModel model = Load();
        void Refused(StreamGate gate, string what, int? streams = null)
        {
            var options = new GenerationOptions { Gate = gate, Streams = streams is { } count ? count : (StreamChoice?)null };
            var refused = Assert.Throws<ParScaleException>(() => model.GenerateAsync(new int[] { 1 }, options, Stop));
            Assert.Equal(("GE-08", ErrorKind.Usage), (refused.Code, refused.Kind));
            Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        }
        Refused(new StreamGate(), "cannot rest", streams: 1);
        Refused(new StreamGate { Budget = 4.5 }, "at most 4");
        Refused(new StreamGate { Budget = 0.5 }, "at least 1");
        Refused(new StreamGate { Budget = double.NaN }, "at least 1");
        Refused(new StreamGate { Threshold = -1 }, "at least 0");
        Assert.Equal("GE-08", Assert.Throws<ParScaleException>(() => Load(gate: new StreamGate { Budget = 5 })).Code);
        using LanguageModel gated = Load(gate: new StreamGate { Budget = 2 });
        Assert.Equal(new StreamGate { Budget = 2 }, gated.DefaultOptions.Gate);
    }

    [Fact]
    public void Entropy_is_that_of_the_softmax()
    {
        Assert.Equal(Math.Log(7), Softmax.Entropy(Enumerable.Repeat(3f, 7).ToArray()), 1e-12);
        Assert.Equal(0, Softmax.Entropy([0, 200, float.NegativeInfinity]), 1e-12);
        float[] logits = [0.3f, -2, 4, 1.5f];
        Assert.Equal(Entropy(logits), Softmax.Entropy(logits), 1e-12);
    }

    private static double Entropy(float[] logits)
    {
        double sum = logits.Sum(logit => Math.Exp(logit - (double)logits.Max()));
        return -logits.Select(logit => Math.Exp(logit - (double)logits.Max()) / sum).Sum(share => share > 0 ? share * Math.Log(share) : 0);
    }

    // All kinds of requests, and everything that each gave to the last bit.
    private static async Task<string> Run(LanguageModel model, int number)
    {
        var random = new Random(number);
        int[] prompt = [.. Enumerable.Range(0, 20).Select(i => (i * 7 + number % 3) % Vocabulary), .. Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(Vocabulary))];
        int kind = random.Next(4);
        var options = new GenerationOptions
        {
            MaxNewTokens = random.Next(1, 25),
            Streams = kind == 0 ? 1 : 4,
            Gate = kind < 2 ? null : new StreamGate { Budget = kind == 2 ? 1.5 + random.NextDouble() : null, Threshold = random.Next(2) == 0 ? 2.5 : null },
            IgnoreEndOfText = true,
            TopLogProbs = 2,
            PromptLogProbs = random.Next(4) == 0,
            ContextShift = random.Next(2) == 0,
            Sampling = new SamplingOptions { Temperature = random.Next(2) * 1.2, Seed = (ulong)number },
        };
        var lines = new List<string>();
        await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options, Stop))
        {
            foreach (PredictedToken? token in (PredictedToken?[])[piece.Prediction, .. piece.PromptPredictions ?? []])
                if (token is not null) lines.Add(FormattableString.Invariant($"{token.TokenId} {token.LogProb:R} {string.Join(' ', token.Top.Select(top => $"{top.TokenId}={top.LogProb:R}"))}"));
            if (piece.Statistics is { } figures) lines.Add(FormattableString.Invariant($"{figures.NewTokens} {figures.MeanStreams:R} {piece.FinishReason}"));
        }
        return string.Join('\n', lines);
    }

    private LanguageModel Load(WeightDtype? type = null, KvDtype? cache = null, bool reuse = true, StreamGate? gate = null)
    {
        string folder = _folder.File("model");
        if (!Directory.Exists(folder))
            RandomCheckpoint.Write(folder, RandomCheckpoint.Config(4, hidden: 32, heads: 4, vocabulary: Vocabulary, maxPositions: 64, anchored: true), seed: 3);
        return LanguageModel.Load(folder, new LoadOptions { Dtype = type, KvDtype = cache, ReusePrefixes = reuse, Gate = gate, Threads = 2 });
    }
}
