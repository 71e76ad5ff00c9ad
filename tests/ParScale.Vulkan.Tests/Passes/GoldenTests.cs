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
        ["llama", "llama-bias", "llama-dynamic", "llama-p2", "mistral", "mistral-p2", "qwen2", "qwen2-yarn", "phi3", "phi3-long", "smollm3", "smollm3-window",
            "gemma2"];

    public static TheoryData<string> Refused => ["gemma3", "granite", "olmo2", "qwen3", "qwen3-p2", "mixtral", "olmoe", "qwen2_moe"];

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
        string folder = Family(name);
        using JsonDocument json = Read(folder);
        Compare(folder, json, positions: null, "greedy_continuation_8");
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Families_without_shaders_are_refused_in_one_line(string name)
    {
        var refused = Assert.Throws<ParScaleException>(() => Load(Family(name)));
        Assert.Equal(("VK-05", ErrorKind.Usage), (refused.Code, refused.Kind));
        Assert.Contains("there are no shaders for", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

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

    private static string Family(string name)
    {
        string? folder = SharedFolder.Find("golden-families", name);
        if (folder is null) Assert.Skip($"this machine has no golden-families/{name}");
        return folder!;
    }
}
