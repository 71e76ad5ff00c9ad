using System.Text.Json;
using ParScale.Checkpoints;
using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Commands;

public class InspectCommandTests(TinyModel model)
{
    [Fact]
    public void Json_has_every_field_of_the_contract()
    {
        JsonElement json = Tool.Run("inspect", "-m", model.Folder, "--json").Json();
        long total = ModelTensors.Expected(model.Config).Sum(tensor => tensor.Shape.Aggregate(1L, (product, axis) => product * axis));
        JsonElement counts = json.GetProperty("parameters");
        Assert.Equal("Qwen2ParScaleForCausalLM", json.GetProperty("architecture").GetString());
        Assert.Equal(total, counts.GetProperty("total").GetInt64());
        Assert.Equal(total, Sum(counts, "core", "prefix", "aggregator"));
        Assert.Equal(total, Sum(counts, "embedding", "non_embedding"));
        Assert.Equal(2L * 2 * 2 * 1 * 3 * 8, counts.GetProperty("prefix").GetInt64());
        Assert.Equal(TinyModel.Streams, json.GetProperty("streams").GetInt32());
        Assert.Equal(4 * total, json.GetProperty("memory_bytes").GetProperty("f32").GetInt64());
        // Norms, biases and prefixes are float32 in every type.
        long matrices = ModelTensors.Expected(model.Config).Where(tensor => tensor.Shape.Length == 2).Sum(tensor => tensor.Shape[0] * tensor.Shape[1]);
        Assert.Equal(2 * matrices + 4 * (total - matrices), json.GetProperty("memory_bytes").GetProperty("bf16").GetInt64());
        // What the engine reserves for them: whole pieces of 16 tokens.
        using (LanguageModel loaded = LanguageModel.Load(model.Folder))
        {
            long before = loaded.KvMemoryInUse;
            using Session session = loaded.CreateSession(16);
            Assert.Equal((loaded.KvMemoryInUse - before) / 16, json.GetProperty("kv_bytes_per_token").GetInt64());
        }
        Assert.Equal(3, json.GetProperty("prefix_tokens").GetInt32());
        Assert.Equal(TinyModel.Context, json.GetProperty("context").GetInt32());
        Assert.Equal(0, json.GetProperty("notices").GetArrayLength());
        Assert.Equal(0, json.GetProperty("unsupported").GetArrayLength());
        Assert.True(json.GetProperty("supported").GetBoolean());
        Assert.Equal(4 * total, json.GetProperty("files").GetProperty("bytes").GetInt64());
    }

    [Theory]
    [InlineData("gemma2", "scores capped at 3", "2 of 3 layers: a window of 5 tokens", "norms before and behind the blocks")]
    [InlineData("gemma3", "2 of 3 layers: rotary positions plain, theta 1000", "1 of 3 layers: rotary positions linear, factor 8, theta 20000", "queries and keys normalized per head")]
    [InlineData("phi3", "longrope, long factors beyond 16 tokens", "12 of 16 numbers of a head", "fused projections")]
    [InlineData("smollm3", "1 of 3 layers: no rotary positions", "2 of 3 layers: rotary positions plain, theta 2000", "")]
    [InlineData("qwen2_moe", "2 of 3 layers: each stream runs through 2 of 5 experts of width 16, weights as they are, and a shared one of width 56", "of experts that it does not choose", "")]
    public void What_a_family_computes_is_told_before_anything_is_loaded(string name, params string[] told)
    {
        using var folder = new TempFolder();
        ParScale.Configuration.CheckpointConfig config = FamilyConfigs.Write(folder.Path, name);
        Outcome text = Tool.Run("inspect", "-m", folder.Path);
        Assert.All(told, line => Assert.Contains(line, text.Out, StringComparison.Ordinal));
        JsonElement json = Tool.Run("inspect", "-m", folder.Path, "--json").Json();
        Assert.Equal(config.Model.Family, json.GetProperty("family").GetString());
        Assert.Equal(config.Parameters, json.GetProperty("parameters").GetProperty("total").GetInt64());
    }

    [Fact]
    public void Tokenizer_is_named_by_fingerprint_and_tested()
    {
        JsonElement tokenizer = Tool.Run("inspect", "-m", model.Folder, "--json").Json().GetProperty("tokenizer");
        Assert.Matches("^[0-9a-f]{64}$", tokenizer.GetProperty("fingerprint").GetString() ?? "");
        Assert.Equal("ok", tokenizer.GetProperty("self_test").GetString());
        Assert.Equal(TinyTokenizer.VocabularySize, tokenizer.GetProperty("vocabulary").GetInt32());
    }

    [Fact]
    public void TK_09_swapped_ids_show_in_fingerprint_and_self_test()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, model.Config, TinyModel.Seed);
        string path = Path.Combine(model.Folder, "tokenizer.json");
        string genuineFile = File.ReadAllText(path);
        string swapped = genuineFile
            .Replace($"\"a\": {TinyTokenizer.Id('a')},", "\"a\": -1,", StringComparison.Ordinal)
            .Replace($"\"b\": {TinyTokenizer.Id('b')},", $"\"b\": {TinyTokenizer.Id('a')},", StringComparison.Ordinal)
            .Replace("\"a\": -1,", $"\"a\": {TinyTokenizer.Id('b')},", StringComparison.Ordinal);
        Assert.NotEqual(genuineFile, swapped);
        folder.Write("tokenizer.json", swapped);
        JsonElement genuine = Tool.Run("inspect", "-m", model.Folder, "--json").Json().GetProperty("tokenizer");
        JsonElement tampered = Tool.Run("inspect", "-m", folder.Path, "--json").Json().GetProperty("tokenizer");
        Assert.NotEqual(genuine.GetProperty("fingerprint").GetString(), tampered.GetProperty("fingerprint").GetString());
        Assert.StartsWith("failed: ", tampered.GetProperty("self_test").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_without_tokenizer_is_shown_as_such()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, model.Config, TinyModel.Seed);
        Assert.Equal(JsonValueKind.Null, Tool.Run("inspect", "-m", folder.Path, "--json").Json().GetProperty("tokenizer").ValueKind);
        Assert.Contains("only token ids", Tool.Run("inspect", "-m", folder.Path).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_output_holds_the_same_numbers()
    {
        string text = Tool.Run("inspect", "-m", model.Folder).Out;
        Assert.Contains("streams       2, 3 prefix tokens each", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", text, StringComparison.Ordinal);
    }

    private static long Sum(JsonElement counts, params string[] names) => names.Sum(name => counts.GetProperty(name).GetInt64());
}
