using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Kernels.Formats;

namespace ParScale.Tests;

public class LanguageModelTests
{
    [Fact]
    public void Scoring_in_windows_predicts_every_token_but_the_first()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(maxPositions: 8), seed: 2);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        int[] tokens = [.. Enumerable.Range(0, 21).Select(i => i * 7 % 50)];

        double expected = 0;
        for (int start = 0; start < 20; start += 8)
        {
            int[] window = tokens[start..Math.Min(start + 9, 21)];
            expected += model.Score(window, cancellationToken: TestContext.Current.CancellationToken).TotalNll;
        }
        ScoreResult whole = model.Score(tokens, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(20, whole.Tokens);
        Assert.Equal(expected, whole.TotalNll, 1e-9);
        Assert.Equal(Math.Exp(whole.TotalNll / 20), whole.Perplexity, 1e-9);
    }

    [Fact]
    public void Each_window_of_a_score_begins_with_the_token_that_begins_the_text()
    {
        const int begin = 3;
        using var folder = new TempFolder();
        CheckpointConfig config = RandomCheckpoint.Config(maxPositions: 8);
        RandomCheckpoint.Write(folder.Path, config with { Model = config.Model with { BeginOfTextId = begin } }, seed: 2);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        int[] tokens = [begin, .. Enumerable.Range(0, 20).Select(i => i * 7 % 50)];
        double Nll(IEnumerable<int> window, int known) =>
            -model.Score([.. window], new ScoreOptions { TopLogProbs = 0 }, cancellationToken: TestContext.Current.CancellationToken).Predictions!.Skip(known).Sum(token => token.LogProb);
        ScoreResult whole = model.Score(tokens, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(20, whole.Tokens);
        Assert.Equal(Nll(tokens[..9], 0) + Nll([begin, .. tokens[8..16]], 1) + Nll([begin, .. tokens[15..]], 1), whole.TotalNll, 1e-6);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Weights_that_are_not_finite_are_noted_refused_or_end_the_request(float damage)
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(), seed: 3);
        Damage(folder.File("model.safetensors"), "model.layers.1.mlp.up_proj.weight", damage);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        Assert.Contains(model.Notices, notice => notice.Contains("model.layers.1.mlp.up_proj.weight\": 2 values", StringComparison.Ordinal));

        var strict = Assert.Throws<ParScaleException>(() => LanguageModel.Load(folder.Path, new LoadOptions { StrictWeights = true }));
        Assert.Equal((ErrorKind.BadInput, "ST-24"), (strict.Kind, strict.Code));
        const string damaged = "model.safetensors: tensor \"model.layers.1.mlp.up_proj.weight\": 2 values are not finite";
        Assert.StartsWith(damaged + ";", strict.Message, StringComparison.Ordinal);
        var ended = Assert.Throws<ParScaleException>(() => model.Logits([1, 2], TestContext.Current.CancellationToken));
        Assert.StartsWith(damaged + ": nonfinite_logits", ended.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ST24_one_line_names_the_first_damaged_tensor_and_counts_the_others()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(), seed: 3);
        foreach (string tensor in (string[])["model.norm.weight", "model.layers.0.mlp.gate_proj.weight", "model.layers.1.mlp.up_proj.weight"])
            Damage(folder.File("model.safetensors"), tensor, float.NaN, count: 1);
        var strict = Assert.Throws<ParScaleException>(() => LanguageModel.Load(folder.Path, new LoadOptions { StrictWeights = true }));
        Assert.Equal("model.safetensors: tensor \"model.layers.0.mlp.gate_proj.weight\": 1 value is not finite (the first of 3 such tensors); "
            + "fetch the weights again", strict.Message);
    }

    [Fact]
    public void Whether_there_is_a_tokenizer_is_asked_once()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(), seed: 9);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        folder.Write("tokenizer.json", "{}");
        Assert.False(model.HasTokenizer);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1025)]
    public void Thread_counts_out_of_range_are_refused(int threads)
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(), seed: 4);
        var refused = Assert.Throws<ParScaleException>(() => LanguageModel.Load(folder.Path, new LoadOptions { Threads = threads }));
        Assert.Equal(ErrorKind.Usage, refused.Kind);
    }

    [Fact]
    public void A_session_that_is_full_refuses_and_keeps_its_place()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(), seed: 5);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        using Session session = model.CreateSession(4);
        session.Append([1, 2, 3], TestContext.Current.CancellationToken);
        Assert.Throws<ParScaleException>(() => session.Append([4, 5], TestContext.Current.CancellationToken).Length);
        Assert.Equal(3, session.Position);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => session.Append([9], (_, _) => { }, cancelled.Token));
        Assert.Throws<InvalidOperationException>(() => session.Append([9], (_, _) => throw new InvalidOperationException(), TestContext.Current.CancellationToken));
        Assert.Equal(3, session.Position);
        float[] next = session.Append([4], TestContext.Current.CancellationToken).ToArray();
        Assert.Equal(model.Logits([1, 2, 3, 4], TestContext.Current.CancellationToken).Last, next);
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Append([1], TestContext.Current.CancellationToken).Length);
        Assert.Throws<ParScaleException>(() => model.CreateSession(model.Config.MaxPositions + 1));
    }

    [Fact]
    public void A_converted_model_can_be_loaded_and_left_many_times()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(), seed: 7, TensorType.F16);
        float[]? first = null;
        for (int i = 0; i < 5; i++)
        {
            using LanguageModel model = LanguageModel.Load(folder.Path, new LoadOptions { Dtype = WeightDtype.Bf16 });
            float[] logits = model.Logits([1, 2, 3], TestContext.Current.CancellationToken).Last;
            Assert.Equal(first ??= logits, logits);
        }
    }

    [Fact]
    public void A_cache_larger_than_memory_is_refused_beforehand()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(streams: 64, layers: 2, maxPositions: 16_000_000), seed: 8);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        var refused = Assert.Throws<ParScaleException>(() => model.CreateSession(16_000_000));
        Assert.Equal((ErrorKind.NotEnoughMemory, "KV-01"), (refused.Kind, refused.Code));
    }

    [Fact]
    public void A_loaded_model_outlives_its_folder()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows does not delete a file in use");
        using var folder = new TempFolder();
        string path = folder.File("model");
        var tokenizer = new TinyTokenizer();
        RandomCheckpoint.Write(path, RandomCheckpoint.Config(vocabulary: 300), seed: 10);
        File.WriteAllText(Path.Combine(path, "tokenizer.json"), tokenizer.Root.ToJsonString());
        using LanguageModel model = LanguageModel.Load(path);

        Directory.Delete(path, recursive: true);
        var greedy = new GenerationOptions { MaxNewTokens = 8, IgnoreEndOfText = true, Sampling = new SamplingOptions { Temperature = 0 } };
        string text = model.Generate("hello world", greedy, TestContext.Current.CancellationToken);

        RandomCheckpoint.Write(path, RandomCheckpoint.Config(vocabulary: 300), seed: 10);
        File.WriteAllText(Path.Combine(path, "tokenizer.json"), tokenizer.Root.ToJsonString());
        using LanguageModel again = LanguageModel.Load(path);
        Assert.Equal(again.Generate("hello world", greedy, TestContext.Current.CancellationToken), text);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_score_needs_two_tokens(int count)
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(), seed: 6);
        using LanguageModel model = LanguageModel.Load(folder.Path);
        Assert.Throws<ParScaleException>(() => model.Score(new int[count], cancellationToken: TestContext.Current.CancellationToken));
    }

    private static void Damage(string path, string tensor, float value, int count = 2)
    {
        long offset;
        using (SafetensorsFile file = SafetensorsFile.Open(path)) offset = file.Tensors[tensor].Offset;
        using FileStream stream = File.OpenWrite(path);
        stream.Position = offset + 8;
        for (int i = 0; i < count; i++) stream.Write(BitConverter.GetBytes(value));
    }
}
