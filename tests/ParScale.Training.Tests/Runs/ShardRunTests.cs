using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Training.Commands;
using ParScale.Training.Data.Shards;

namespace ParScale.Training.Tests.Runs;

/// <summary>Runs on folders of shards: continuation, chats, and data that cannot be trained on.</summary>
public sealed class ShardRunTests
{
    [Fact]
    public void A_run_on_shards_learns_and_resumes_bit_for_bit()
    {
        using var folder = new TempFolder();
        string[] inputs = Samples.Inputs(folder);
        Assert.Equal(0, CommandLine.Run(["data", "--data", inputs[1], "--tokenizer", inputs[3], "-o", folder.File("shards"), "--format", "lines", "--val-fraction", "0.1"]));
        string[] flags = Samples.Run(folder, "run", ("--data", folder.File("shards")), ("--steps", "60"), ("--lr", "1e-2"), ("--save-every", "30"), ("--dropout", "0.1"));
        Assert.Equal(0, CommandLine.Run(flags));
        double[] losses = Rows(folder, "run", "train_loss");
        Assert.True(losses[^1] < losses[0] - 0.5, string.Join(' ', losses));
        byte[] weights = File.ReadAllBytes(folder.File("run/checkpoint-60/model.safetensors"));
        Directory.Delete(folder.File("run/checkpoint-60"), recursive: true);
        Directory.Delete(folder.File("run/final"), recursive: true);
        Assert.Equal(0, CommandLine.Run([.. flags, "--resume"]));
        Assert.Equal(weights, File.ReadAllBytes(folder.File("run/checkpoint-60/model.safetensors")));
        Assert.Equal(losses, Rows(folder, "run", "train_loss"));
    }

    [Fact]
    public void Data_that_changed_ends_a_resumed_run()
    {
        using var folder = new TempFolder();
        string shards = Chats(folder);
        string[] flags = Samples.Run(folder, "run", ("--data", shards), ("--context", "64"));
        Assert.Equal(0, CommandLine.Run(flags));
        string tokens = Path.Combine(shards, "train-00000.tokens");
        byte[] bytes = File.ReadAllBytes(tokens);
        File.WriteAllBytes(tokens, [(byte)(bytes[0] ^ 1), .. bytes[1..]]);
        Assert.Equal((6, "TD-08"), Fault([.. flags, "--resume"]));
        File.WriteAllBytes(tokens, bytes[..^1]);
        Assert.Equal((3, "TD-07"), Fault([.. flags, "--resume"]));
        File.WriteAllBytes(tokens, bytes);
        Assert.Equal(0, CommandLine.Run([.. flags, "--resume"]));

        Directory.Delete(shards, recursive: true);
        Chats(folder, rows: 61);
        Assert.Equal((6, "TD-08"), Fault([.. flags, "--resume"]));
        Assert.True(Directory.Exists(folder.File("run/checkpoint-12")));

        string[] text = Samples.Run(folder, "text");
        Assert.Equal(0, CommandLine.Run(text));
        File.AppendAllText(folder.File("text.txt"), "more");
        Assert.Equal((6, "TD-08"), Fault([.. text, "--resume"]));
    }

    [Fact]
    public void Shards_without_a_row_or_without_a_word_to_learn_are_refused()
    {
        using var folder = new TempFolder();
        Assert.Equal((3, "TD-06"), Fault(Samples.Run(folder, "run", ("--data", Chats(folder)), ("--context", "4"))));

        string tokenizer = ShardSamples(folder, "read", learned: false);
        string[] flags = Samples.Run(folder, "run", ("--data", folder.File("read")), ("--tokenizer", tokenizer), ("--context", "40"));
        Assert.Equal((3, "TD-10"), Fault(flags));

        // The index promises a learned token, which the mask does not have: the first step finds out.
        string index = folder.File("read/index.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(index))!;
        json["training"]!["learned_tokens"] = 1;
        File.WriteAllText(index, json.ToJsonString());
        Assert.Equal((3, "TR-06"), Fault(flags));
        json["vocabulary_size"] = 1000;
        File.WriteAllText(index, json.ToJsonString());
        Assert.Equal((3, "TD-07"), Fault(flags));
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void A_step_without_a_token_to_learn_is_refused()
    {
        using var folder = new TempFolder();
        string[] inputs = Samples.Inputs(folder);
        File.WriteAllText(folder.File("a.jsonl"), """{"prompt":"the king","completion":" of night"}""");
        Assert.Equal(0, CommandLine.Run(["data", "--data", folder.File("a.jsonl"), "--val-data", folder.File("a.jsonl"), "--tokenizer", inputs[3], "-o", folder.File("shards")]));
        string mask = folder.File("shards/train-00000.loss"), index = folder.File("shards/index.json");
        byte[] none = new byte[File.ReadAllBytes(mask).Length];
        File.WriteAllBytes(mask, none);
        JsonNode json = JsonNode.Parse(File.ReadAllText(index))!;
        json["training"]!["shards"]![0]!["loss_sha256"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(none));
        File.WriteAllText(index, json.ToJsonString());
        Assert.Equal((3, "TD-10"), Fault(Samples.Run(folder, "run", ("--data", folder.File("shards")), ("--context", "40"))));
    }

    [Fact]
    public void Instruct_learns_and_measures_the_words_of_the_assistant_alone()
    {
        using var folder = new TempFolder();
        Assert.Equal(0, CommandLine.Run(Samples.Run(folder, "plain", ("--streams", "1"), ("--context", "128"))));
        string shards = Chats(folder);
        (int exit, string output, string error) = Trained.Run("train", "--from", folder.File("plain/final"), "--data", shards, "-o", folder.File("run"),
            "--streams", "2", "--prefix-tokens", "4", "--context", "128", "--batch", "4", "--steps", "40", "--warmup", "2", "--lr", "1e-2",
            "--eval-every", "40", "--save-every", "40", "--save-dtype", "f32", "--threads", "1", "--json");
        Assert.True(exit == 0, error);
        double[] losses = Rows(folder, "run", "train_loss");
        Assert.True(losses[^1] < losses[0] - 0.5, string.Join(' ', losses));

        using LanguageModel engine = LanguageModel.Load(folder.File("run/final"));
        using ShardFolder open = ShardFolder.Open(shards, engine.Tokenizer);
        (double sum, int count) = (0, 0);
        var learned = new List<string>();
        for (int document = 0; document < open.Validation.Documents; document++)
        {
            (long start, long end) = (open.Validation.Start(document), open.Validation.End(document));
            long[] wide = new long[end - start];
            open.Validation.Read(start, wide);
            int[] ids = Array.ConvertAll(wide, id => (int)id);
            bool[] mask = [.. Enumerable.Range(0, ids.Length).Select(i => open.Validation.IsLearned(start + i))];
            learned.Add(engine.Tokenizer.Decode([.. ids.Where((_, i) => mask[i])]));
            for (int i = 1; i < ids.Length; i++)
            {
                if (!mask[i]) continue;
                sum += Total(engine, ids[..(i + 1)]) - Total(engine, ids[..i]);
                count++;
            }
        }
        Assert.Equal([" of night", "night<|im_end|>ale<|im_end|>"], learned.Select(text => text.Replace("<|endoftext|>", "", StringComparison.Ordinal)));
        using JsonDocument result = JsonDocument.Parse(output);
        Assert.Equal(sum / count, result.RootElement.GetProperty("final").GetProperty("per_token").GetDouble(), 1e-4);
    }

    /// <summary>Prompts with completions and chats as shards, two of them for validation.</summary>
    private static string Chats(TempFolder folder, int rows = 60)
    {
        string[] inputs = Samples.Inputs(folder);
        string[] words = ["night", "ale", "juliet", "the king"];
        File.WriteAllLines(folder.File("train.jsonl"), Enumerable.Range(0, rows).Select(i => i % 2 == 0
            ? JsonSerializer.Serialize(new { prompt = $"{i} the {words[i % 4]}", completion = $" of {words[(i + 1) % 4]}" })
            : JsonSerializer.Serialize(new { messages = (object[])[new { role = "user", content = $"{i}?" }, new { role = "assistant", content = words[i % 4] }] })));
        File.WriteAllLines(folder.File("val.jsonl"),
        [
            """{"prompt":"the king","completion":" of night"}""",
            """{"messages":[{"role":"user","content":"7?"},{"role":"assistant","content":"night"},{"role":"user","content":"8?"},{"role":"assistant","content":"ale"}]}""",
        ]);
        Assert.Equal(0, CommandLine.Run(["data", "--data", folder.File("train.jsonl"), "--val-data", folder.File("val.jsonl"), "--tokenizer", inputs[3], "-o", folder.File("shards")]));
        return folder.File("shards");
    }

    private static string ShardSamples(TempFolder folder, string name, bool learned)
    {
        string tokenizer = Data.Shards.ShardSamples.Write(folder, name, [30, 9], Packing.Whole, learned: (_, _) => learned);
        string index = folder.File($"{name}/index.json");
        File.WriteAllText(index, File.ReadAllText(index).Replace("\"vocabulary_size\": 300", "\"vocabulary_size\": 257", StringComparison.Ordinal));
        return tokenizer;
    }

    private static (int Exit, string Code) Fault(string[] flags)
    {
        var error = new StringWriter();
        TextWriter before = Console.Error;
        Console.SetError(error);
        try
        {
            int exit = CommandLine.Run(flags);
            string line = error.ToString().TrimEnd('\n').Split('\n')[^1];
            return (exit, line.Split(' ')[2].TrimEnd(':'));
        }
        finally
        {
            Console.SetError(before);
        }
    }

    private static double Total(LanguageModel engine, int[] ids) =>
        ids.Length < 2 ? 0 : engine.Score(ids, cancellationToken: TestContext.Current.CancellationToken).MeanNll * (ids.Length - 1);

    private static double[] Rows(TempFolder folder, string run, string key) =>
        [.. File.ReadLines(folder.File($"{run}/log.jsonl")).Skip(1).Select(line => JsonNode.Parse(line)![key]!.GetValue<double>())];
}
