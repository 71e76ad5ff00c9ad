using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Kernels.Formats;
using ParScale.Quantization;
using ParScale.Store;
using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Engine;

/// <summary>Gates that ask a router that is stored with the model.</summary>
public sealed class StreamRouterTests : IDisposable
{
    private const int Vocabulary = 60;

    private readonly TempFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_expected_gain_is_that_of_the_sorted_softmax_in_float64()
    {
        var random = new Random(2);
        double[] weights = [0.3, -0.07, 1.4, -2.2];
        var router = new StreamRouter(4, -0.5, weights, new double[StreamRouter.Levels]);
        float[][] cases =
        [
            [1], [0, 0], [5, 5, 5], [float.NegativeInfinity, 2, float.NegativeInfinity], [200, -200, 0], [-90, -90.5f],
            .. Enumerable.Range(0, 30).Select(n => Enumerable.Range(0, n + 2).Select(_ => (float)(8 * random.NextDouble() - 4)).ToArray()),
        ];
        foreach (float[] logits in cases)
            Assert.Equal(Oracle(logits, -0.5, weights), router.ExpectedGain(logits), 1e-12);
        // Where quantiles lie on a line, so does what is between them.
        var line = new StreamRouter(4, 0, weights, [.. Enumerable.Range(0, 101).Select(i => 2 + i / 50.0)]);
        foreach (double share in (double[])[0, 0.005, 0.25, 1 / 3.0, 1]) Assert.Equal(4 - 2 * share, line.Above(share), 1e-12);
        Assert.Equal(0.16, line.Step, 1e-12);
    }

    [Theory]
    [InlineData(true, 1.5, null)]
    [InlineData(true, null, null)]
    [InlineData(true, 2.5, 0.01)]
    [InlineData(true, null, 0.015)]
    [InlineData(true, 1.0, null)]
    [InlineData(true, 4.0, null)]
    [InlineData(false, 1.5, null)]
    [InlineData(false, null, 0.015)]
    public async Task A_token_gets_all_streams_where_the_router_expects_more_than_the_threshold(bool anchored, double? budget, double? threshold)
    {
        using LanguageModel model = Load(anchored);
        int[] prompt = [3, 9, 27];
        var options = new GenerationOptions
        {
            MaxNewTokens = 60,
            Gate = new StreamGate { Budget = budget, Threshold = threshold, Score = threshold is null ? null : GateScore.Router },
            TopLogProbs = 3,
            IgnoreEndOfText = true,
            Sampling = new SamplingOptions { Temperature = 1.5, Seed = 4 },
        };
        using Session plain = model.CreateSession(70, 1), all = model.CreateSession(70, 4);
        var rule = new GateRule(budget, threshold, 4, GateFiles.Range);
        GenerationStatistics? figures = null;
        int[] next = prompt;
        await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options, Stop))
        {
            figures ??= piece.Statistics;
            if (piece.TokenId is not { } token) continue;
            float[] alone = plain.Append(next, Stop).ToArray(), mixed = all.Append(next, Stop).ToArray();
            PredictedToken expected = PredictedToken.Of(rule.Opens(Oracle(alone, GateFiles.Intercept, GateFiles.Weights)) ? mixed : alone, token, 3);
            Assert.Equal(expected.LogProb, piece.Prediction!.LogProb);
            Assert.Equal(expected.Top, piece.Prediction.Top);
            next = [token];
        }
        Assert.Equal((60, GateScore.Router), (rule.Count, figures!.GateScore));
        rule.CheckMean(figures.MeanStreams);
        if (budget == 1.5) Assert.InRange(figures.MeanStreams, 1.2, 1.56);
    }

    [Theory]
    [InlineData(true, WeightDtype.F32)]
    [InlineData(true, WeightDtype.Q8)]
    [InlineData(false, WeightDtype.Q8)]
    public async Task Requests_at_the_same_time_get_what_each_gets_alone(bool anchored, WeightDtype type)
    {
        var alone = new string[24];
        using (LanguageModel model = Load(anchored, new LoadOptions { Dtype = type, ReusePrefixes = false, Threads = 2 }))
            for (int i = 0; i < alone.Length; i++) alone[i] = await Run(model, i);
        using LanguageModel many = Load(anchored, new LoadOptions { Dtype = type, Threads = 2 });
        Assert.Equal(alone, await Task.WhenAll(Enumerable.Range(0, alone.Length).Select(i => Task.Run(() => Run(many, i), Stop))));
    }

    [Fact]
    public async Task The_router_is_asked_unless_a_threshold_or_the_entropy_is()
    {
        using LanguageModel model = Load(anchored: true), elastic = Load(anchored: false, counts: [4]);
        async Task<GateScore?> Asked(LanguageModel of, StreamGate? gate, int streams = 4)
        {
            GenerationStatistics? figures = null;
            var options = new GenerationOptions { MaxNewTokens = 2, Gate = gate, Streams = streams, IgnoreEndOfText = true };
            await foreach (GeneratedPiece piece in of.GenerateAsync(new int[] { 1 }, options, Stop)) figures = piece.Statistics ?? figures;
            return figures!.GateScore;
        }
        Assert.Equal(GateScore.Router, await Asked(model, new StreamGate { Budget = 2 }));
        Assert.Equal(GateScore.Entropy, await Asked(model, new StreamGate { Threshold = 1 }));
        Assert.Equal(GateScore.Entropy, await Asked(model, new StreamGate { Score = GateScore.Entropy }));
        Assert.Null(await Asked(model, null));
        // Each number of streams has a router of its own, or none.
        Assert.Equal([false, false, true], elastic.StreamSets.Select(set => set.HasRouter));
        Assert.Equal(GateScore.Router, await Asked(elastic, new StreamGate()));
        Assert.Equal(GateScore.Entropy, await Asked(elastic, new StreamGate(), 2));
        var none = Assert.Throws<ParScaleException>(() => elastic.GenerateAsync(new int[] { 1 }, new GenerationOptions { Streams = 2, Gate = new StreamGate { Score = GateScore.Router } }, Stop));
        Assert.Equal("GE-08", none.Code);
        Assert.Contains("\"p2\" (P = 2) have no router", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_does_not_fit_the_model_is_refused()
    {
        Load(anchored: true).Dispose();
        string model = _folder.File("anchored"), other = _folder.File("other"), file = Path.Combine(model, StreamGateFile.Name), good = File.ReadAllText(file);
        // Other weights, and the same backbone under other helpers.
        RandomCheckpoint.Write(other, Config(true), seed: 4);
        File.Copy(file, Path.Combine(other, StreamGateFile.Name));
        BadInput.Expect(ErrorKind.HashMismatch, "AD-08", () => LanguageModel.Load(other), long.MaxValue, StreamGateFile.Name, "gates --save");
        Directory.Delete(other, recursive: true);
        RandomCheckpoint.Write(other, Config(true), seed: 3, change: (name, values) =>
        {
            if (name.EndsWith("layers.1.self_attn.prefix_v", StringComparison.Ordinal)) values[0] += 1;
        });
        File.Copy(file, Path.Combine(other, StreamGateFile.Name));
        BadInput.Expect(ErrorKind.HashMismatch, "AD-08", () => LanguageModel.Load(other), long.MaxValue, StreamGateFile.Name);
        // Without streams nothing rests, and the file is of no account.
        LanguageModel.Load(other, new LoadOptions { Streams = 1, Threads = 1 }).Dispose();

        void Refused(string code, string what, Action<JsonObject> change)
        {
            JsonObject json = JsonNode.Parse(good)!.AsObject();
            change(json);
            File.WriteAllText(file, json.ToJsonString());
            BadInput.Expect(code, () => LanguageModel.Load(model), StreamGateFile.Name, what);
        }
        JsonObject Router(JsonObject json) => json["routers"]![0]!.AsObject();
        Refused("AD-07", "format", json => json["format"] = "parscale-stream-gate-2");
        Refused("AD-07", "colour is not supported", json => json["colour"] = 1);
        Refused("AD-07", "routers must be a list", json => json.Remove("routers"));
        Refused("AD-07", "streams is 1", json => Router(json)["streams"] = 1);
        Refused("AD-07", "for 3 streams", json => Router(json)["streams"] = 3);
        Refused("AD-07", "same number", json => json["routers"]!.AsArray().Add(Router(json).DeepClone()));
        Refused("AD-07", "routers[0].margin is missing", json => Router(json).Remove("margin"));
        Refused("CF-04", "routers[0].best", json => Router(json)["best"] = "much");
        Refused("AD-07", "routers[0].window is not supported", json => Router(json)["window"] = 3);
        Refused("AD-07", "101 numbers", json => Router(json)["quantiles"]!.AsArray().RemoveAt(0));
        Refused("AD-07", "must rise", json => Router(json)["quantiles"]![7] = 9);
        Refused("AD-07", "must rise", json => Router(json)["quantiles"] = new JsonArray([.. Enumerable.Range(0, 101).Select(_ => JsonValue.Create(0.5))]));
        File.WriteAllText(file, "{");
        BadInput.Expect("CF-01", () => LanguageModel.Load(model), StreamGateFile.Name);
        // A model whose streams cannot rest has no use for one.
        RandomCheckpoint.Write(_folder.File("plainly"), Config(false), seed: 3);
        GateFiles.Write(_folder.File("plainly"), 4);
        BadInput.Expect("AD-07", () => LanguageModel.Load(_folder.File("plainly")), "none can rest");
    }

    [Fact]
    public void Quantised_copies_and_added_streams_keep_it()
    {
        Load(anchored: true).Dispose();
        string model = _folder.File("anchored");
        Quantizer.Run(model, _folder.File("q8"), WeightDtype.Q8, cancellationToken: Stop);
        using (LanguageModel quantised = LanguageModel.Load(_folder.File("q8"), new LoadOptions { Threads = 1 })) Assert.True(quantised.Streams.HasRouter);
        // A copy that was kept before the router was fitted is made again, with it.
        var store = new ModelStore(_folder.File("store"));
        File.Move(Path.Combine(model, StreamGateFile.Name), _folder.File("gate"));
        var options = new LoadOptions { Dtype = WeightDtype.Q8, Threads = 1 };
        using (LanguageModel kept = LanguageModel.LoadKept(new ModelSource(model), store, options, cancellationToken: Stop)) Assert.False(kept.Streams.HasRouter);
        File.Move(_folder.File("gate"), Path.Combine(model, StreamGateFile.Name));
        using (LanguageModel kept = LanguageModel.LoadKept(new ModelSource(model), store, options, cancellationToken: Stop)) Assert.True(kept.Streams.HasRouter);
        // Over another folder with the same backbone, in floats and quantised.
        foreach (LanguageModel plain in (LanguageModel[])[LanguageModel.Load(model, new LoadOptions { Streams = 1, Threads = 1 }), LanguageModel.Load(_folder.File("q8"), new LoadOptions { Streams = 1, Threads = 1 })])
        {
            using (plain) Assert.True(plain.AddStreams(model, "helpers").HasRouter);
        }
    }

    // c + w (S, S^2, p1, p1 - p2), each from its definition.
    private static double Oracle(float[] logits, double intercept, IReadOnlyList<double> weights)
    {
        double most = logits.Max(), sum = logits.Sum(logit => Math.Exp(logit - most));
        double[] p = [.. logits.Select(logit => Math.Exp(logit - most) / sum).OrderDescending()];
        double entropy = -p.Where(one => one > 0).Sum(one => one * Math.Log(one)), second = p.Length > 1 ? p[1] : 0;
        return intercept + weights[0] * entropy + weights[1] * Math.Pow(entropy, 2) + weights[2] * p[0] + weights[3] * (p[0] - second);
    }

    private static async Task<string> Run(LanguageModel model, int number)
    {
        var random = new Random(number);
        int[] prompt = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => random.Next(Vocabulary))];
        var options = new GenerationOptions
        {
            MaxNewTokens = random.Next(1, 25),
            Streams = 4,
            Gate = random.Next(4) == 0 ? null : new StreamGate { Budget = 1.3 + random.NextDouble() },
            IgnoreEndOfText = true,
            TopLogProbs = 2,
            Sampling = new SamplingOptions { Temperature = random.Next(2) * 1.2, Seed = (ulong)number },
        };
        var lines = new List<string>();
        await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options, Stop))
        {
            if (piece.Prediction is { } token) lines.Add(FormattableString.Invariant($"{token.TokenId} {token.LogProb:R} {string.Join(' ', token.Top.Select(top => $"{top.TokenId}={top.LogProb:R}"))}"));
            if (piece.Statistics is { } figures) lines.Add(FormattableString.Invariant($"{figures.NewTokens} {figures.MeanStreams:R} {figures.GateScore}"));
        }
        return string.Join('\n', lines);
    }

    private static CheckpointConfig Config(bool anchored) => RandomCheckpoint.Config(4, hidden: 32, heads: 4, vocabulary: Vocabulary, maxPositions: 128, anchored: anchored);

    private LanguageModel Load(bool anchored, LoadOptions? options = null, int[]? counts = null)
    {
        string folder = _folder.File(anchored ? "anchored" : "elastic");
        if (!Directory.Exists(folder))
        {
            RandomCheckpoint.Write(folder, Config(anchored), seed: 3);
            if (!anchored) CutCheckpoint.MakeElastic(folder, 1, 2, 4);
            GateFiles.Write(folder, counts ?? (anchored ? [4] : [2, 4]));
        }
        return LanguageModel.Load(folder, options ?? new LoadOptions { Threads = 2 });
    }
}
