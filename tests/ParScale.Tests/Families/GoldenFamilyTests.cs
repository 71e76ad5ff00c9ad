using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Generation;

namespace ParScale.Tests.Families;

/// <summary>
/// Checkpoints of every family whose logits come from an independent float64 implementation that was checked against the published code:
/// the folder <c>golden-families</c>, which most machines lack.
/// </summary>
public class GoldenFamilyTests
{
    private const double Allowed = 1e-5;

    public static TheoryData<string> Folders =>
    [
        "llama", "llama-bias", "llama-dynamic", "llama-p2", "mistral", "mistral-p2", "qwen2", "qwen2-yarn", "qwen3", "qwen3-p2", "gemma2", "gemma3", "gemma3-v4",
        "gemma3-p2", "phi3", "phi3-long", "olmo2", "olmo2-p2", "granite", "smollm3", "smollm3-window",
        "qwen3_moe", "qwen3_moe-p2", "mixtral", "mixtral-stacked", "olmoe", "qwen2_moe",
    ];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Prefill_decode_and_any_split_match(string name)
    {
        Golden golden = Golden.Open(name);
        double largest = golden.Logits.Max(row => row.Max(Math.Abs));
        using LanguageModel model = golden.Load();
        double worst = FamilyRun.WorstError(model, golden.Tokens, golden.Logits, Allowed * largest);
        int[] argmax = model.Logits(golden.Tokens, TestContext.Current.CancellationToken).Argmax.ToArray();
        Assert.Equal(golden.Argmax, argmax);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {worst / largest:e2} of the largest logit");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Mean_nll_matches(string name)
    {
        Golden golden = Golden.Open(name);
        if (!golden.ScoreIsBinding) Assert.Skip("a score does not run the last token, and the frequencies follow the length");
        using LanguageModel model = golden.Load();
        Assert.Equal(golden.MeanNll, model.Score(golden.Tokens, null, TestContext.Current.CancellationToken).MeanNll, 1e-4);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Greedy_continuation_matches(string name)
    {
        Golden golden = Golden.Open(name);
        using LanguageModel model = golden.Load();
        var options = new GenerationOptions { MaxNewTokens = golden.Continuation.Length, Sampling = SamplingOptions.Greedy, IgnoreEndOfText = true };
        var tokens = new List<int>();
        await foreach (GeneratedPiece piece in model.GenerateAsync(golden.Tokens, options, TestContext.Current.CancellationToken))
            if (piece.TokenId is int token) tokens.Add(token);
        Assert.Equal(golden.Continuation, tokens);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_batch_with_any_P_matches(string name)
    {
        Golden golden = Golden.Open(name);
        float[] logits = FamilyRun.CompareBatchWithSolo(golden.Folder, golden.Tokens);
        Assert.InRange(Compare.RelativeError(golden.Logits.SelectMany(row => row), logits), 0, Allowed);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Quantized_folders_load_again(string name)
    {
        Golden golden = Golden.Open(name);
        using var folder = new TempFolder();
        double loss = FamilyRun.CompareQuantized(golden.Folder, folder.File("q8"), golden.Tokens);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name} in q8: {loss:e2} of the largest logit");
        // With experts the rounding may change which ones are chosen.
        Assert.InRange(loss, 1e-9, 0.25);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_tests_own_oracle_agrees(string name)
    {
        Golden golden = Golden.Open(name);
        using Checkpoint checkpoint = Checkpoint.Open(golden.Folder);
        double[][] logits = Oracle.Of(checkpoint).Logits(golden.Tokens);
        // Seven significant digits are given.
        for (int i = 0; i < logits.Length; i++) Assert.InRange(Rounding.Distance(logits[i], golden.Logits[i]), 0, 6e-7 * golden.Logits[i].Max(Math.Abs));
    }

    private sealed record Golden(string Folder, int[] Tokens, double[][] Logits, int[] Argmax, double MeanNll, int[] Continuation)
    {
        public bool ScoreIsBinding => !Folder.EndsWith("llama-dynamic", StringComparison.Ordinal);

        public static Golden Open(string name)
        {
            if (SharedFolder.Find("golden-families", name) is not { } folder)
            {
                Assert.Skip($"this machine has no golden-families/{name}");
                throw new InvalidOperationException("skipped");
            }
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
            JsonElement root = json.RootElement;
            T Read<T>(string key) => root.GetProperty(key).Deserialize<T>()!;
            return new Golden(folder, Read<int[]>("tokens"), Read<double[][]>("logits"), Read<int[]>("argmax"), Read<double>("mean_nll"), Read<int[]>("greedy_continuation_8"));
        }

        public LanguageModel Load() => LanguageModel.Load(Folder, new LoadOptions { Threads = 2 });
    }
}
