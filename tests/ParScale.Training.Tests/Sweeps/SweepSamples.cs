using System.Text.Json;
using System.Text.Json.Nodes;

namespace ParScale.Training.Tests.Sweeps;

/// <summary>Sweeps of runs of twelve steps.</summary>
internal static class SweepSamples
{
    /// <summary>The file of two models, P = 1 and 2, and two seeds, with some keys of the base exchanged.</summary>
    public static string Write(TempFolder folder, Action<JsonObject>? change = null)
    {
        Samples.Inputs(folder);
        JsonObject sweep = JsonNode.Parse("""
            {
              "base": {
                "data": "text.txt", "tokenizer": "tokenizer", "layers": 2, "heads": 2, "kv_heads": 1, "prefix_tokens": 4, "context": 16,
                "batch": 4, "steps": 12, "warmup": 2, "eval_every": 4, "save_every": 6, "lr": 2e-3
              },
              "models": [{ "name": "S", "hidden": 16, "intermediate": 24 }, { "name": "M", "hidden": 24, "intermediate": 32 }],
              "grid": { "streams": [1, 2], "seed": [1, 2] }
            }
            """)!.AsObject();
        change?.Invoke(sweep);
        string path = folder.File("sweep.json");
        File.WriteAllText(path, sweep.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        return path;
    }

    /// <summary>The rows of the table without the columns that depend on the clock.</summary>
    public static string[] Rows(TempFolder folder, string output = "out") =>
        [.. File.ReadLines(folder.File($"{output}/results.csv")).Select(line => string.Join(',', line.Split(',').SkipLast(2)))];
}
