using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Training.Checkpointing;
using ParScale.Training.Data;
using ParScale.Training.Evaluation;
using ParScale.Training.Modules;

namespace ParScale.Training.Tests.Evaluation;

public sealed class GateCurvesTests
{
    [Fact]
    public void Points_are_those_of_trying_each_gate()
    {
        var random = new Random(5);
        PlainPrediction[] plain = [.. Enumerable.Range(0, 40).Select(_ => new PlainPrediction(3 * random.NextDouble(), 2 * random.NextDouble(), random.NextDouble(), random.NextDouble() / 3))];
        double[] all = [.. plain.Select(_ => 2.5 * random.NextDouble())], gains = [.. plain.Zip(all, (one, every) => one.Loss - every)];
        double[] expected = GateRouter.ExpectedGains(plain, gains);
        GateCurves curves = GateCurves.Of(4, Tokens(4, plain, all));
        Assert.Equal(21, curves.Points.Count);
        foreach (GatePoint point in curves.Points)
        {
            int open = (int)Math.Round(point.Share * 40);
            Assert.Equal(1 + 3 * open / 40.0, point.MeanStreams, 1e-12);
            double Loss(Func<int, double> order) => Enumerable.Range(0, 40).OrderByDescending(order).Select((i, at) => at < open ? all[i] : plain[i].Loss).Average();
            Assert.Equal(Loss(i => plain[i].Entropy), point.Entropy, 1e-12);
            Assert.Equal(Loss(i => expected[i]), point.Router, 1e-12);
            Assert.Equal(Loss(i => gains[i]), point.Oracle, 1e-12);
            Assert.Equal(plain.Average(one => one.Loss) - point.Share * gains.Average(), point.Random, 1e-12);
            if (open > 0) Assert.Equal(open, plain.Count(one => one.Entropy >= point.Threshold));
        }
        Assert.Equal(curves.Points.Skip(1).SkipLast(1).Average(point => point.Entropy - point.Router), curves.RouterGain.Mean, 1e-12);
        Assert.Equal(curves.RouterGain.Mean, (curves.RouterGain.Low + curves.RouterGain.High) / 2, 1e-12);
        // Of 1, 2, 3, 4: standard deviation 1.29099, four of them.
        GateGain gain = GateGain.Of([1, 2, 3, 4]);
        Assert.Equal((2.5, 2.5 - 1.26515), (gain.Mean, Math.Round(gain.Low, 5)));
    }

    [Fact]
    public void A_router_finds_a_gain_that_entropy_does_not_show_and_judges_no_token_by_itself()
    {
        var random = new Random(3);
        // The gain is a line in the margin, whatever the entropy is.
        PlainPrediction[] plain = [.. Enumerable.Range(0, 400).Select(_ => new PlainPrediction(3, 4 * random.NextDouble(), 0.5 + random.NextDouble() / 2, random.NextDouble() / 2))];
        double[] gains = [.. plain.Select(one => 0.7 - one.Best + one.Second)], found = GateRouter.ExpectedGains(plain, gains);
        Assert.All(gains.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 0.01));
        GateCurves curves = GateCurves.Of(4, Tokens(4, plain, [.. gains.Select(gain => 3 - gain)]));
        Assert.Equal(curves.Points[10].Oracle, curves.Points[10].Router, 1e-4);
        Assert.True(curves.RouterGain.Low > 0.05, curves.ToJson());
        // What the second half gains decides about the first alone.
        double[] other = GateRouter.ExpectedGains(plain, [.. gains[..200], .. gains[200..].Select(gain => -gain)]);
        Assert.Equal(found[200..], other[200..]);
        Assert.All(found[..200].Zip(other), pair => Assert.Equal(pair.First, -pair.Second, 1e-9));
        // Figures that never change, and too few tokens to fit anything.
        Assert.All(GateRouter.ExpectedGains([.. plain.Select(_ => plain[0])], gains), gain => Assert.True(double.IsFinite(gain)));
        Assert.Equal([0], GateRouter.ExpectedGains(plain[..1], gains[..1]));
    }

    [Fact]
    public void An_elastic_model_is_measured_as_the_engine_runs_it()
    {
        using var folder = new TempFolder();
        string model = Folder(folder, "elastic", anchored: false), text = Samples.Text(300);
        CutCheckpoint.MakeElastic(model, 1, 3);
        using LanguageModel engine = LanguageModel.Load(model);
        using ParScaleLm trained = ModelFolder.Load(model);
        GateCurves curves = GateCurves.Of(3, GateTokens.Measure(trained, new HeldOutText(text, engine.Tokenizer, engine.Config.MaxPositions)));
        double Loss(int streams) => engine.Score(engine.Tokenizer.Encode(text), new ScoreOptions { Streams = streams }, cancellationToken: TestContext.Current.CancellationToken).MeanNll;
        Assert.Equal(Loss(1), curves.Points[0].Entropy, 1e-5);
        Assert.Equal(Loss(3), curves.Points[20].Entropy, 1e-5);
        Assert.NotEqual(curves.Points[0].Entropy, curves.Points[20].Entropy);
    }

    [Fact]
    public void The_command_measures_anchored_and_elastic_models_and_refuses_others()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("text.txt"), Samples.Text(400));
        string model = Folder(folder, "anchored", anchored: true), ordinary = Folder(folder, "ordinary", anchored: false);
        (int exit, string output, string error) = Trained.Run("gates", "-m", model, "--data", folder.File("text.txt"), "-o", folder.File("gates.svg"), "--json");
        Assert.True(exit == 0, error);
        JsonElement points = JsonDocument.Parse(output).RootElement.GetProperty("points");
        (double all, double alone) = (points[20].GetProperty("entropy").GetDouble(), points[0].GetProperty("entropy").GetDouble());
        Assert.NotEqual(all, alone);
        Assert.Equal(all, points[20].GetProperty("oracle").GetDouble(), 1e-12);
        Assert.Contains("by a learned router", File.ReadAllText(folder.File("gates.svg")), StringComparison.Ordinal);
        CutCheckpoint.MakeElastic(ordinary, 1, 3);
        (exit, output, error) = Trained.Run("gates", "-m", ordinary, "--data", folder.File("text.txt"));
        Assert.True(exit == 0, error);
        Assert.Equal(23, output.TrimEnd().Split('\n').Length);
        Assert.Contains("router against entropy, mean over the rates: ", output, StringComparison.Ordinal);
        CutCheckpoint.MakeElastic(ordinary, 2, 3);
        (exit, _, error) = Trained.Run("gates", "-m", ordinary, "--data", folder.File("text.txt"));
        Assert.Equal(2, exit);
        Assert.Contains("error TR-22", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kept_router_solves_the_ridge_equations_and_knows_its_quantiles()
    {
        var random = new Random(8);
        PlainPrediction[] plain = [.. Enumerable.Range(0, 301).Select(_ => new PlainPrediction(3, 4 * random.NextDouble(), 0.5 + random.NextDouble() / 2, random.NextDouble() / 2))];
        double[] gains = [.. plain.Select(one => 0.1 * one.Entropy - one.Second + random.NextDouble())];
        StreamRouter router = GateRouter.Fit(4, plain, gains);
        double[][] figures = [.. plain.Select(one => (double[])[one.Entropy, one.Entropy * one.Entropy, one.Best, one.Best - one.Second])];
        // mean z (z w - y) + 1e-3 w = 0 for figures z and gains y without their means, z of variance 1 and w the weights of z.
        double[] means = [.. Enumerable.Range(0, 4).Select(f => figures.Average(one => one[f]))], deviations = [.. Enumerable.Range(0, 4).Select(f => Math.Sqrt(figures.Average(one => Math.Pow(one[f] - means[f], 2))))];
        double mean = gains.Average();
        double[] errors = [.. figures.Select((one, i) => router.ExpectedGain(one) - gains[i])];
        for (int f = 0; f < 4; f++)
            Assert.Equal(-1e-3 * router.Weights[f] * deviations[f], figures.Select((one, i) => (one[f] - means[f]) / deviations[f] * errors[i]).Average(), 1e-10);
        Assert.Equal(0, errors.Average(), 1e-10);
        double[] expected = [.. GateRouter.ExpectedGains(plain, gains).Order()];
        Assert.Equal(101, router.Quantiles.Count);
        for (int level = 0; level <= 100; level++) Assert.Equal(expected[3 * level], router.Quantiles[level], 1e-12);
        // 300 of them have the quantile of one half between the two in the middle.
        StreamRouter even = GateRouter.Fit(4, plain[..300], gains[..300]);
        double[] of = [.. GateRouter.ExpectedGains(plain[..300], gains[..300]).Order()];
        Assert.Equal((of[149] + of[150]) / 2, even.Quantiles[50], 1e-12);
        Assert.Equal("TR-22", Assert.Throws<ParScaleException>(() => GateRouter.Fit(4, [.. plain.Select(_ => plain[0])], [.. gains.Select(_ => 0.5)])).Code);
    }

    [Fact]
    public void What_the_run_of_the_model_held_out_is_measured()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("text.txt"), Samples.Text(400));
        string model = Folder(folder, "anchored", anchored: true);
        string[] gates = ["gates", "-m", model, "--data", folder.File("text.txt"), "--json"];
        string tenth = Trained.Run(gates).Output, third = Trained.Run([.. gates, "--val-fraction", "0.3"]).Output;
        Assert.NotEqual(tenth, third);
        // The folder of a run is the one around its models.
        File.WriteAllText(folder.File("run.json"), """{ "val_fraction": 0.3 }""");
        (int exit, string output, string error) = Trained.Run(gates);
        Assert.Equal((0, third, ""), (exit, output, error));
        (exit, output, error) = Trained.Run([.. gates, "--val-fraction", "0.1"]);
        Assert.Equal((0, tenth, ""), (exit, output, error));
        (exit, _, error) = Trained.Run([.. gates, "--val-fraction", "0.5"]);
        Assert.Equal(0, exit);
        Assert.Contains("a model's run held out 0.3 of its text, --val-fraction 0.5 is more", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_saved_router_is_loaded_and_goes_with_a_slice(bool anchored)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("text.txt"), Samples.Text(800));
        string model = Folder(folder, "model", anchored);
        CutCheckpoint.MakeElastic(model, 1, 2, 3);
        (int exit, _, string error) = Trained.Run("gates", "-m", model, "--data", folder.File("text.txt"), "--save", "--json");
        Assert.True(exit == 0, error);
        Assert.Contains("a router of 2 and 3 streams", error, StringComparison.Ordinal);
        foreach (int count in (int[])[1, 2, 3]) Assert.Equal(0, Trained.Run("slice", "-m", model, "--streams", $"{count}", "-o", folder.File($"p{count}")).ExitCode);
        Assert.False(File.Exists(Path.Combine(folder.File("p1"), StreamGateFile.Name)));
        using Checkpoint whole = Checkpoint.Open(model), two = Checkpoint.Open(folder.File("p2")), three = Checkpoint.Open(folder.File("p3"));
        IReadOnlyList<StreamRouter> routers = StreamGateFile.Read(whole, whole), cut = StreamGateFile.Read(two, two);
        Assert.Equal([2, 3], routers.Select(router => router.Streams));
        Assert.Equal([2], cut.Select(router => router.Streams));
        Assert.Equal([2, 3], StreamGateFile.Read(three, three).Select(router => router.Streams));
        Assert.Equal((routers[0].Intercept, routers[0].Weights, routers[0].Quantiles), (cut[0].Intercept, cut[0].Weights, cut[0].Quantiles), (left, right) =>
            left.Item1 == right.Item1 && left.Item2.SequenceEqual(right.Item2) && left.Item3.SequenceEqual(right.Item3));
        // What the file says is what the trainer measured: the fit to the tokens of the plain model as the engine runs it.
        using LanguageModel engine = LanguageModel.Load(model);
        Assert.Equal([false, true, true], engine.StreamSets.Select(set => set.HasRouter));
        using ParScaleLm trained = ModelFolder.Load(model);
        GateTokens measured = GateTokens.Measure(trained, new HeldOutText(Corpus.Split(Samples.Text(800), 0.1).Validation, engine.Tokenizer, engine.Config.MaxPositions));
        Assert.Equal(GateRouter.Fit(2, measured.Plain, measured.Gains(2)).Intercept, routers[0].Intercept, 1e-6);
    }

    private static GateTokens Tokens(int streams, PlainPrediction[] plain, double[] all) => new(plain, new Dictionary<int, double[]> { [streams] = all });

    private static string Folder(TempFolder folder, string name, bool anchored)
    {
        CheckpointConfig config = RandomCheckpoint.Config(3, vocabulary: 267, anchored: anchored);
        RandomCheckpoint.Write(folder.File(name), config, seed: 1);
        TokenizerWriter.Write(folder.File(name), BpeTrainer.Train(Samples.Text(500), 10));
        return folder.File(name);
    }
}
