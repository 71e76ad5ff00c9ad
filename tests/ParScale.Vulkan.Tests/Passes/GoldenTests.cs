using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using ParScale.Generation;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Passes;

/// <summary>The golden checkpoints, whose logits come from an independent float64 implementation.</summary>
public class GoldenTests(TestDevice test) : ModelTest(test)
{
    // Of the largest logit.
    private const double Allowed = 1e-5;

    public static TheoryData<string> Fixtures => ["p1", "p2", "p4", "p8"];

    public static TheoryData<string> Families =>
        ["llama", "llama-bias", "llama-dynamic", "llama-p2", "mistral", "mistral-p2", "qwen2", "qwen2-yarn", "qwen3", "qwen3-p2", "gemma2", "gemma3", "gemma3-v4",
            "gemma3-p2", "phi3", "phi3-long", "olmo2", "olmo2-p2", "granite", "smollm3", "smollm3-window", "qwen3_moe", "qwen3_moe-p2", "mixtral", "mixtral-stacked",
            "olmoe", "qwen2_moe"];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Fixtures_match(string name)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", name);
        using JsonDocument json = Read(folder);
        int[] positions = json.RootElement.GetProperty("logits_positions").Deserialize<int[]>()!;
        Compare(folder, json, positions, "greedy_continuation_16");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Families_match(string name)
    {
        string folder = InShared("golden-families", name);
        using JsonDocument json = Read(folder);
        Compare(folder, json, positions: null, "greedy_continuation_8");
    }

    [Theory]
    [InlineData("anchored-p2")]
    [InlineData("anchored-p4")]
    public void Any_helpers_of_an_anchored_model_match(string name)
    {
        string folder = InShared("golden-streams", name);
        using JsonDocument json = Read(folder);
        int[] tokens = json.RootElement.GetProperty("tokens").Deserialize<int[]>()!;
        ulong[] active = [.. json.RootElement.GetProperty("active").EnumerateArray().Select(Mask)];
        using LanguageModel model = Load(folder);
        ulong all = ulong.MaxValue >> (64 - model.Streams.Count);
        ulong[] Each(ulong mask) => [.. tokens.Select(_ => mask)];
        foreach ((string key, ulong[] streams) in ((string, ulong[])[])[("logits_all", Each(all)), ("logits_active", active), ("logits_anchor_alone", Each(1))])
        {
            double[] expected = [.. json.RootElement.GetProperty(key).Deserialize<double[][]>()!.SelectMany(row => row)];
            float[] whole = LogitsOf(model, tokens, streams, tokens.Length);
            Near(expected, whole, Allowed, $"{name} {key}");
            Assert.Equal(whole, LogitsOf(model, tokens, streams, [.. Enumerable.Repeat(1, tokens.Length)]));
        }
        CheckRecorded();
    }

    [Fact]
    public void Cuts_of_an_elastic_model_match()
    {
        string shared = InShared("golden-streams", "elastic-p8"), folder = Folder("elastic");
        Directory.CreateDirectory(folder);
        foreach (string file in (string[])["config.json", "model.safetensors"])
            File.WriteAllBytes(Path.Combine(folder, file), File.ReadAllBytes(Path.Combine(shared, file)));
        using JsonDocument json = Read(shared);
        int[] tokens = json.RootElement.GetProperty("tokens").Deserialize<int[]>()!;
        (int Count, double[] Logits)[] cuts = [.. json.RootElement.GetProperty("logits").EnumerateObject()
            .Select(cut => (int.Parse(cut.Name, CultureInfo.InvariantCulture), (double[])[.. cut.Value.Deserialize<double[][]>()!.SelectMany(row => row)]))];
        CutCheckpoint.MakeElastic(folder, [.. cuts.Select(cut => cut.Count)]);
        using LanguageModel model = Load(folder);
        foreach ((int count, double[] expected) in cuts)
            Near(expected, [.. Logits(model, tokens, [tokens.Length], count).SelectMany(row => row)], Allowed, $"P' = {count}");
        CheckRecorded();
    }

    private static ulong Mask(JsonElement token) => token.EnumerateArray()
        .Select((on, p) => on.ValueKind == JsonValueKind.True || (on.ValueKind == JsonValueKind.Number && on.GetInt32() != 0) ? 1UL << p : 0)
        .Aggregate(0UL, (mask, bit) => mask | bit);

    private void Compare(string folder, JsonDocument json, int[]? positions, string continuation)
    {
        int[] tokens = json.RootElement.GetProperty("tokens").Deserialize<int[]>()!, argmax = json.RootElement.GetProperty("argmax").Deserialize<int[]>()!;
        double[][] expected = json.RootElement.GetProperty("logits").Deserialize<double[][]>()!;
        int count = tokens.Length;
        using LanguageModel model = Load(folder);
        // Where frequencies follow the length, those of a shorter text are others.
        bool dependsOnLength = model.Config.Rotations.Any(rotation => rotation.DependsOnLength);
        int[][] splits = dependsOnLength ? [[count]] : [[count], [.. Enumerable.Repeat(1, count)], [3, 4, count - 7]];
        foreach (int[] split in splits)
        {
            float[][] found = Logits(model, tokens, split);
            for (int i = 0; i < expected.Length; i++) Near(expected[i], found[positions?[i] ?? i], Allowed, $"{Path.GetFileName(folder)} [{string.Join(',', split)}] {i}");
            Assert.Equal(argmax, found.Select(row => TensorPrimitives.IndexOfMax<float>(row)));
        }
        int[] wanted = json.RootElement.GetProperty(continuation).Deserialize<int[]>()!;
        Assert.Equal(wanted, Greedy(model, tokens, wanted.Length));
        CheckRecorded();
    }

    private static List<int> Greedy(LanguageModel model, int[] prompt, int count)
    {
        var options = new GenerationOptions { MaxNewTokens = count, Sampling = SamplingOptions.Greedy, IgnoreEndOfText = true };
        return [.. model.GenerateAsync(prompt, options, Stop).ToBlockingEnumerable(Stop).Select(piece => piece.TokenId).OfType<int>()];
    }

    private static JsonDocument Read(string folder) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));

    private static string InShared(string kind, string name)
    {
        string? folder = SharedFolder.Find(kind, name);
        if (folder is null) Assert.Skip($"this machine has no {kind}/{name}");
        return folder!;
    }
}
