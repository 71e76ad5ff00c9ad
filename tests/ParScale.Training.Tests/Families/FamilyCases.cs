using System.Text.Json;

namespace ParScale.Training.Tests.Families;

/// <summary>The models of every family that the tests here train.</summary>
internal static class FamilyCases
{
    /// <summary>Golden checkpoints, which most machines lack.</summary>
    public static TheoryData<string> GoldenFolders =>
    [
        "llama", "llama-bias", "llama-dynamic", "llama-p2", "mistral", "mistral-p2", "qwen2", "qwen2-yarn", "qwen3", "qwen3-p2", "gemma2", "gemma3", "gemma3-v4",
        "gemma3-p2", "phi3", "phi3-long", "olmo2", "olmo2-p2", "granite", "smollm3", "smollm3-window",
        "qwen3_moe", "qwen3_moe-p2", "mixtral", "mixtral-stacked", "olmoe", "qwen2_moe",
    ];

    /// <summary>The small configs of the tests, in turn with 1 stream and with 3.</summary>
    public static TheoryData<string, int> Random
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach ((int index, string name) in FamilyConfigs.Names.Index()) data.Add(name, index % 2 == 0 ? 1 : 3);
            return data;
        }
    }

    /// <summary>Random tokens.</summary>
    public static int[] Tokens(int count, int vocabulary, int seed = 7)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }

    /// <summary>The folder, the tokens and the logits [S, V] of a golden checkpoint; skips the test where it is not.</summary>
    public static (string Folder, int[] Tokens, double[] Logits) Golden(string name)
    {
        string? folder = SharedFolder.Find("golden-families", name);
        Assert.SkipWhen(folder is null, $"this machine has no golden-families/{name}");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        T Read<T>(string key) => json.RootElement.GetProperty(key).Deserialize<T>()!;
        return (folder, Read<int[]>("tokens"), [.. Read<double[][]>("logits").SelectMany(row => row)]);
    }

    /// <summary>The engine's logits [S, V] of a folder, of one pass.</summary>
    public static double[] Engine(string folder, int[] tokens)
    {
        using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { Threads = 1 });
        using Session session = model.CreateSession(tokens.Length);
        var logits = new List<double>();
        session.Append(tokens, (_, row) => logits.AddRange(row.ToArray().Select(logit => (double)logit)), TestContext.Current.CancellationToken);
        return [.. logits];
    }
}
