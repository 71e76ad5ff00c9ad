using System.Text.Json;
using ParScale.Model;
using ParScale.Training.Checkpointing;
using ParScale.Training.Commands;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Checkpointing;

/// <summary>The training model against the independent golden figures and against the engine.</summary>
public sealed class ModelFolderTests
{
    private const double Tolerance = 1e-5;

    [Theory]
    [InlineData("p1")]
    [InlineData("p2")]
    [InlineData("p4")]
    [InlineData("p8")]
    public void The_training_model_gives_the_golden_logits(string name)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", name);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        long[] tokens = [.. expected.RootElement.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt64())];
        int[] positions = [.. expected.RootElement.GetProperty("logits_positions").EnumerateArray().Select(p => p.GetInt32())];
        double[][] rows = [.. expected.RootElement.GetProperty("logits").EnumerateArray().Select(r => r.EnumerateArray().Select(v => v.GetDouble()).ToArray())];

        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using ParScaleLm model = ModelFolder.Load(folder);
        Tensor logits = model.forward(tensor(tokens).unsqueeze(0))[0];
        for (int i = 0; i < positions.Length; i++) AssertClose(rows[i], logits[positions[i]].data<float>().ToArray());
        long[] argmax = [.. expected.RootElement.GetProperty("argmax").EnumerateArray().Select(t => t.GetInt64())];
        Assert.Equal(argmax, logits.argmax(-1).data<long>().ToArray());
        Tensor loss = nn.functional.cross_entropy(logits.narrow(0, 0, tokens.Length - 1), tensor(tokens[1..]));
        Assert.Equal(expected.RootElement.GetProperty("mean_nll").GetDouble(), loss.item<float>(), 1e-5);
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

        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using ParScaleLm trained = ModelFolder.Load(folder.File("run/final"));
        using LanguageModel engine = LanguageModel.Load(folder.File("run/final"));
        int[] tokens = engine.Tokenizer.Encode(Samples.Text(60, seed: 3))[..40];
        Tensor logits = trained.forward(tensor(tokens.Select(t => (long)t).ToArray()).unsqueeze(0))[0];
        for (int length = 1; length <= tokens.Length; length += 3)
        {
            LogitsResult result = engine.Logits(tokens.AsSpan(0, length), TestContext.Current.CancellationToken);
            AssertClose([.. logits[length - 1].data<float>().Select(v => (double)v)], result.Last);
        }
        Tensor loss = nn.functional.cross_entropy(logits.narrow(0, 0, tokens.Length - 1), tensor(tokens.Skip(1).Select(t => (long)t).ToArray()));
        Assert.Equal(engine.Score(tokens, cancellationToken: TestContext.Current.CancellationToken).MeanNll, loss.item<float>(), 1e-5);
    }

    [Fact]
    public void The_engine_gives_the_logits_far_into_a_long_context()
    {
        const int Length = 2000;
        using var folder = new TempFolder();
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var model = new ParScaleLm(Samples.Config(2) with { MaxPositions = Length }, seed: 4);
        // Large queries and keys: attention then depends on where a token stands, not only on which it is.
        foreach ((string name, var parameter) in model.named_parameters())
            if (name.Contains("q_proj.weight", StringComparison.Ordinal) || name.Contains("k_proj.weight", StringComparison.Ordinal)) parameter.mul_(12);
        ModelFolder.Save(model, folder.File("m"), ParScale.Checkpoints.TensorType.F32, tokenizerFolder: folder.File("none"));
        var random = new Random(5);
        int[] tokens = [.. Enumerable.Range(0, Length).Select(_ => random.Next(model.Config.VocabularySize))];
        Tensor logits = model.forward(tensor(tokens.Select(t => (long)t).ToArray()).unsqueeze(0))[0];
        using LanguageModel engine = LanguageModel.Load(folder.File("m"));
        foreach (int length in (int[])[700, 1500, Length])
        {
            double[] expected = [.. logits[length - 1].data<float>().Select(v => (double)v)];
            AssertClose(expected, engine.Logits(tokens.AsSpan(0, length), TestContext.Current.CancellationToken).Last);
        }
    }

    [Fact]
    public void A_saved_folder_holds_the_tokenizer_byte_for_byte_and_ends_each_text_once()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("t"));
        byte[] tokenizer = [0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}', (byte)'\r', (byte)'\n'];
        File.WriteAllBytes(folder.File("t/tokenizer.json"), tokenizer);
        using var model = new ParScaleLm(Samples.Config(1));
        ModelFolder.Save(model, folder.File("m"), ParScale.Checkpoints.TensorType.F32, folder.File("t"));
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
        ModelConfig config = Samples.Config(3, tied: false);
        using var model = new ParScaleLm(config, seed: 8);
        ModelFolder.Save(model, folder.File("m"), ParScale.Checkpoints.TensorType.F32, tokenizerFolder: folder.File("none"));
        using ParScaleLm loaded = ModelFolder.Load(folder.File("m"));
        Dictionary<string, Tensor> state = loaded.state_dict();
        foreach ((string name, Tensor value) in model.state_dict()) Assert.True(value.equal(state[name]).all().item<bool>(), name);
        Assert.Equal(config.AttentionSmoothing, loaded.Config.AttentionSmoothing);
        Assert.Equal(config.PrefixTokens, loaded.Config.PrefixTokens);
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        double scale = expected.Max(Math.Abs);
        double error = expected.Zip(actual).Max(pair => Math.Abs(pair.First - pair.Second));
        Assert.True(error <= Tolerance * scale, $"error {error / scale:E2} of the largest logit");
    }
}
