using System.Text.Json;
using ParScale.Configuration;
using ParScale.Training.Checkpointing;
using ParScale.Training.Commands;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Checkpointing;

/// <summary>The training model against the independent golden figures and against the engine.</summary>
public sealed class ModelFolderTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("p1")]
    [InlineData("p2")]
    [InlineData("p4")]
    [InlineData("p8")]
    public void The_training_model_gives_the_golden_logits(string name)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", name);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        T[] Numbers<T>(string key) => json.RootElement.GetProperty(key).Deserialize<T[]>()!;
        int[] tokens = Numbers<int>("tokens"), positions = Numbers<int>("logits_positions");
        double[][] golden = Numbers<double[]>("logits");
        (double[] exact, double allowed) = Float64.Logits(folder, tokens);
        using ParScaleLm model = ModelFolder.Load(folder);
        double[] rounded = Float64.Run(model, tokens);
        int vocabulary = model.Config.Model.VocabularySize;
        double[] At(double[] logits, int position) => logits[(position * vocabulary)..((position + 1) * vocabulary)];

        // Both are float64; the fixture is rounded to seven decimals.
        for (int i = 0; i < positions.Length; i++) Assert.InRange(Rounding.Distance(golden[i], At(exact, positions[i])), 0, 0.51e-7);
        Assert.InRange(Rounding.Distance(exact, rounded), 0, allowed);
        output.WriteLine($"{name}: float32 is off by {Rounding.Distance(exact, rounded):E2}, allowed are {allowed:E2}");
        Assert.Equal(Numbers<int>("argmax"), tokens.Select((_, i) => Array.IndexOf(At(rounded, i), At(rounded, i).Max())));
        Assert.Equal(json.RootElement.GetProperty("mean_nll").GetDouble(), MeanNll(exact, tokens), 1e-12);
    }

    [Theory]
    [InlineData(1, "f32")]
    [InlineData(1, "bf16")]
    [InlineData(2, "bf16")]
    [InlineData(3, "f32")]
    public void The_engine_gives_the_logits_of_a_trained_model(int streams, string saved)
    {
        using var folder = new TempFolder();
        string[] flags = Samples.Run(folder, "run", ("--streams", $"{streams}"), ("--steps", "80"), ("--lr", "1e-2"), ("--context", "40"), ("--save-dtype", saved));
        Assert.Equal(0, CommandLine.Run(flags));

        using LanguageModel engine = LanguageModel.Load(folder.File("run/final"));
        int[] tokens = engine.Tokenizer.Encode(Samples.Text(60, seed: 3))[..40];
        double allowed = CheckEngine(folder.File("run/final"), engine, tokens, [.. Enumerable.Range(0, 14).Select(i => 1 + 3 * i)]);
        (double[] logits, _) = Float64.Logits(folder.File("run/final"), tokens);
        // The loss is a logarithm of a sum of e^logit less a logit: each moves by no more than the logits do.
        double nll = engine.Score(tokens, cancellationToken: TestContext.Current.CancellationToken).MeanNll;
        Assert.InRange(Math.Abs(nll - MeanNll(logits, tokens)), 0, 2 * allowed);
    }

    [Fact]
    public void The_engine_gives_the_logits_far_into_a_long_context()
    {
        const int Length = 2000;
        using var folder = new TempFolder();
        using var noGradient = no_grad();
        using var model = new ParScaleLm(RandomCheckpoint.Config(2, maxPositions: Length), seed: 4);
        // Large queries and keys: attention then depends on where a token stands, not only on which it is.
        foreach ((string name, var parameter) in model.named_parameters())
            if (name.Contains("q_proj.weight", StringComparison.Ordinal) || name.Contains("k_proj.weight", StringComparison.Ordinal)) parameter.mul_(12);
        ModelFolder.Save(model, folder.File("m"), ParScale.Checkpoints.Safetensors.TensorType.F32, tokenizerFolder: folder.File("none"));
        var random = new Random(5);
        int[] tokens = [.. Enumerable.Range(0, Length).Select(_ => random.Next(model.Config.Model.VocabularySize))];
        using LanguageModel engine = LanguageModel.Load(folder.File("m"));
        CheckEngine(folder.File("m"), engine, tokens, [700, 1500, Length]);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_never_spread_over_a_larger_one()
    {
        using var folder = new TempFolder();
        using var model = new ParScaleLm(RandomCheckpoint.Config(2, anchored: true));
        ModelFolder.Save(model, folder.File("m"), ParScale.Checkpoints.Safetensors.TensorType.F32, tokenizerFolder: folder.File("none"));
        using var ordinary = new ParScaleLm(RandomCheckpoint.Config(2));
        ParScaleException refused = Assert.Throws<ParScaleException>(() => ModelFolder.LoadWeights(ordinary, folder.File("m")));
        Assert.Equal("ST-28", refused.Code);
        Assert.Contains("prefix_k\": expected shape [2, ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_epsilon_a_smoothing_or_a_rotation_that_is_wrong_is_seen()
    {
        string golden = Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", "p4");
        int[] tokens = [.. Enumerable.Range(7, 24)];
        using ParScaleLm right = Float64.Load(golden);
        double[] logits = Float64.Run(right, tokens);
        (string Now, string Wrong)[] changes =
        [
            ("\"rms_norm_eps\": 1e-06", "\"rms_norm_eps\": 1e-05"), ("\"rope_theta\": 10000.0", "\"rope_theta\": 10001.0"),
            ("\"parscale_attn_smooth\": 0.1", "\"parscale_attn_smooth\": 0.1001"),
        ];
        foreach ((string now, string wrong) in changes)
        {
            using var folder = new TempFolder();
            string config = File.ReadAllText(Path.Combine(golden, "config.json"));
            Assert.Contains(now, config, StringComparison.Ordinal);
            folder.Write("config.json", config.Replace(now, wrong, StringComparison.Ordinal));
            File.Copy(Path.Combine(golden, "model.safetensors"), folder.File("model.safetensors"));
            using ParScaleLm other = Float64.Load(folder.Path);
            // The golden test allows 0.51e-7.
            double distance = Rounding.Distance(logits, Float64.Run(other, tokens));
            Assert.True(distance > 1e-6, $"{wrong}: {distance:E2}");
        }
    }

    [Fact]
    public void A_saved_folder_holds_the_tokenizer_byte_for_byte_and_ends_each_text_once()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("t"));
        byte[] tokenizer = [0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}', (byte)'\r', (byte)'\n'];
        File.WriteAllBytes(folder.File("t/tokenizer.json"), tokenizer);
        using var model = new ParScaleLm(RandomCheckpoint.Config(1));
        ModelFolder.Save(model, folder.File("m"), ParScale.Checkpoints.Safetensors.TensorType.F32, folder.File("t"));
        Assert.Equal(tokenizer, File.ReadAllBytes(folder.File("m/tokenizer.json")));
        foreach (string name in (string[])["config.json", "generation_config.json"])
        {
            string text = File.ReadAllText(folder.File($"m/{name}"));
            Assert.EndsWith("}\n", text, StringComparison.Ordinal);
            Assert.DoesNotContain('\r', text);
        }
    }

    [Fact]
    public void A_saved_model_loads_with_the_same_weights_and_config()
    {
        using var folder = new TempFolder();
        using var scope = NewDisposeScope();
        CheckpointConfig config = RandomCheckpoint.Config(3, tied: false);
        using var model = new ParScaleLm(config, seed: 8);
        ModelFolder.Save(model, folder.File("m"), ParScale.Checkpoints.Safetensors.TensorType.F32, tokenizerFolder: folder.File("none"));
        using ParScaleLm loaded = ModelFolder.Load(folder.File("m"));
        Dictionary<string, Tensor> state = loaded.state_dict();
        foreach ((string name, Tensor value) in model.state_dict()) Assert.True(value.equal(state[name]).all().item<bool>(), name);
        Assert.Equal(config.Streams.Smoothing, loaded.Config.Streams.Smoothing);
        Assert.Equal(config.Streams.PrefixTokens, loaded.Config.Streams.PrefixTokens);
    }

    /// <summary>Holds the engine's logits after some of the tokens against float64, and returns what it was allowed.</summary>
    private double CheckEngine(string folder, LanguageModel engine, int[] tokens, int[] lengths)
    {
        (double[] logits, double allowed) = Float64.Logits(folder, tokens);
        int vocabulary = engine.Config.VocabularySize;
        double worst = lengths.Max(length =>
        {
            float[] last = engine.Logits(tokens.AsSpan(0, length), TestContext.Current.CancellationToken).Last;
            return Rounding.Distance(logits[((length - 1) * vocabulary)..(length * vocabulary)], last.Select(value => (double)value));
        });
        output.WriteLine($"the engine is off by {worst:E2}, allowed are {allowed:E2}");
        Assert.InRange(worst, 0, allowed);
        return allowed;
    }

    /// <summary>The mean of -ln p over the tokens but the first, of logits [S, V].</summary>
    private static double MeanNll(double[] logits, int[] tokens)
    {
        double[][] rows = [.. logits.Chunk(logits.Length / tokens.Length)];
        return Enumerable.Range(0, tokens.Length - 1).Average(i => Math.Log(rows[i].Sum(Math.Exp)) - rows[i][tokens[i + 1]]);
    }
}
