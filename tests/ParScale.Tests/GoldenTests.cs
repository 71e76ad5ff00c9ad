using System.Numerics.Tensors;
using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Generation;

namespace ParScale.Tests;

/// <summary>Four checkpoints with logits from an independent float64 implementation that was checked against the published code.</summary>
public class GoldenTests
{
    public static TheoryData<string> Folders => ["p1", "p2", "p4", "p8"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Prefill_decode_and_any_split_match_the_oracle(string name)
    {
        (LanguageModel model, Expected expected) = Open(name);
        using (model)
        {
            int count = expected.Tokens.Length;
            var random = new Random(1);
            int[][] splits = [[count], [.. Enumerable.Repeat(1, count)], .. Enumerable.Range(1, count - 1).Select(at => new[] { at, count - at }),
                .. Enumerable.Range(0, 10).Select(_ => RandomSplit(random, count))];
            double worst = 0, allowed = Allowed(name, expected.Tokens);
            foreach (int[] split in splits)
            {
                float[] logits = Compare.LogitsInPortions(model, expected.Tokens, split);
                int vocabulary = model.Config.VocabularySize;
                for (int i = 0; i < expected.Positions.Length; i++)
                {
                    float[] found = logits[(expected.Positions[i] * vocabulary)..((expected.Positions[i] + 1) * vocabulary)];
                    double error = Compare.Distance(expected.Logits[i], found);
                    worst = Math.Max(worst, error);
                    Assert.True(error <= allowed, $"{name} split [{string.Join(",", split)}] position {expected.Positions[i]}: {error:e2}");
                }
                int[] argmax = [.. Enumerable.Range(0, count).Select(s => TensorPrimitives.IndexOfMax<float>(logits.AsSpan(s * vocabulary, vocabulary)))];
                Assert.Equal(expected.Argmax, argmax);
            }
            TestContext.Current.TestOutputHelper?.WriteLine($"{name}: max |logit error| = {worst:e2} over {splits.Length} splits, {allowed:e2} are allowed");
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Mean_nll_matches(string name)
    {
        (LanguageModel model, Expected expected) = Open(name);
        // A logarithm of a sum of e^logit less a logit: each moves by no more than the logits do.
        double allowed = 2 * Allowed(name, expected.Tokens);
        using (model) Assert.Equal(expected.MeanNll, model.Score(expected.Tokens, null, TestContext.Current.CancellationToken).MeanNll, allowed);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Greedy_continuation_matches(string name)
    {
        (LanguageModel model, Expected expected) = Open(name);
        using (model)
        {
            var options = new GenerationOptions
            {
                MaxNewTokens = expected.Continuation.Length,
                Sampling = SamplingOptions.Greedy,
                IgnoreEndOfText = true,
            };
            var tokens = new List<int>();
            await foreach (GeneratedPiece piece in model.GenerateAsync(expected.Tokens, options, TestContext.Current.CancellationToken))
                if (piece.TokenId is int token) tokens.Add(token);
            Assert.Equal(expected.Continuation, tokens);
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_tests_own_oracle_agrees_with_the_independent_one(string name)
    {
        string folder = Folder(name);
        Expected expected = Expected.Read(folder);
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        double[][] logits = Oracle.Of(checkpoint).Logits(expected.Tokens);
        for (int i = 0; i < expected.Positions.Length; i++)
        {
            double[] found = logits[expected.Positions[i]];
            // The fixture is rounded to seven decimals.
            Assert.InRange(Rounding.Distance(found, expected.Logits[i]), 0, 0.51e-7);
        }
    }

    private static (LanguageModel Model, Expected Expected) Open(string name)
    {
        string folder = Folder(name);
        return (LanguageModel.Load(folder, new LoadOptions { Threads = 2 }), Expected.Read(folder));
    }

    private static double Allowed(string name, int[] tokens)
    {
        using Checkpoint checkpoint = Checkpoint.Open(Folder(name));
        return Oracle.Logits(checkpoint, tokens).Allowed;
    }

    private static string Folder(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", name);

    private static int[] RandomSplit(Random random, int total)
    {
        var parts = new List<int>();
        for (int left = total; left > 0; left -= parts[^1]) parts.Add(random.Next(1, left + 1));
        return [.. parts];
    }

    private sealed record Expected(int[] Tokens, int[] Positions, double[][] Logits, int[] Argmax, double MeanNll, int[] Continuation)
    {
        public static Expected Read(string folder)
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
            JsonElement root = json.RootElement;
            return new Expected(
                root.GetProperty("tokens").Deserialize<int[]>()!,
                root.GetProperty("logits_positions").Deserialize<int[]>()!,
                root.GetProperty("logits").Deserialize<double[][]>()!,
                root.GetProperty("argmax").Deserialize<int[]>()!,
                root.GetProperty("mean_nll").GetDouble(),
                root.GetProperty("greedy_continuation_16").Deserialize<int[]>()!);
        }
    }
}
