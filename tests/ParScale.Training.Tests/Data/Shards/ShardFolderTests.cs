using System.Text.Json.Nodes;
using ParScale.Training.Data;
using ParScale.Training.Data.Shards;

namespace ParScale.Training.Tests.Data.Shards;

public sealed class ShardFolderTests
{
    [Theory]
    [InlineData("U16", 1L)]
    [InlineData("U16", 12L)]
    [InlineData("U32", 1000L)]
    public void What_was_written_is_read_across_shards(string type, long shardTokens)
    {
        using var folder = new TempFolder();
        int[] lengths = [3, 9, 1, 20, 2];
        ShardSamples.Write(folder, "s", lengths, Packing.Whole, Enum.Parse<TokenType>(type), shardTokens, (document, i) => (document + i) % 3 != 0);
        using ShardFolder shards = ShardSamples.Open(folder, "s");
        TokenSplit split = shards.Training;
        Assert.Equal((5, 35, true), (split.Documents, split.Tokens, split.Masked));
        long[] ids = new long[35];
        split.Read(0, ids);
        int at = 0;
        for (int document = 0; document < 5; document++)
        {
            Assert.Equal((at, at + lengths[document]), (split.Start(document), split.End(document)));
            for (int i = 0; i < lengths[document]; i++, at++)
            {
                Assert.Equal((100 * document + i, document), (ids[at], split.DocumentOf(at)));
                Assert.Equal((document + i) % 3 != 0, split.IsLearned(at));
            }
        }
        long[] middle = new long[15];
        split.Read(10, middle);
        Assert.Equal(ids[10..25], middle);
    }

    [Fact]
    public void A_change_of_any_file_is_found()
    {
        using var folder = new TempFolder();
        ShardSamples.Write(folder, "s", [30, 9], Packing.Whole, learned: (_, i) => i > 2);
        string[] files = [.. Directory.GetFiles(folder.File("s")).Where(file => !file.EndsWith(".json", StringComparison.Ordinal))];
        Assert.Equal(6, files.Length);
        foreach (string file in files)
        {
            byte[] bytes = File.ReadAllBytes(file);
            File.WriteAllBytes(file, bytes[..^1]);
            Assert.Equal("TD-07", Fault(folder).Code);
            File.WriteAllBytes(file, [.. bytes, 0]);
            Assert.Equal("TD-07", Fault(folder).Code);
            File.Delete(file);
            Assert.Equal("TD-13", Fault(folder).Code);
            if (!file.EndsWith(".documents", StringComparison.Ordinal))
            {
                File.WriteAllBytes(file, [(byte)(bytes[0] ^ 1), .. bytes[1..]]);
                Assert.Equal(("TD-08", ErrorKind.HashMismatch), (Fault(folder).Code, Fault(folder).Kind));
            }
            else
            {
                File.WriteAllBytes(file, [0xFF, .. bytes[1..]]);
                Assert.Equal("TD-07", Fault(folder).Code);
            }
            File.WriteAllBytes(file, bytes);
        }
        ShardSamples.Open(folder, "s").Dispose();
    }

    [Theory]
    [InlineData("version", 2)]
    [InlineData("format", "other")]
    [InlineData("vocabulary_size", 0)]
    [InlineData("vocabulary_size", 70000)]
    [InlineData("token_type", "u8")]
    [InlineData("packing", "cut")]
    [InlineData("end_of_text", -1)]
    [InlineData("extra", 1)]
    public void A_damaged_index_is_named(string key, object value)
    {
        using var folder = new TempFolder();
        ShardSamples.Write(folder, "s", [30, 9], Packing.Whole, learned: (_, i) => i > 2);
        JsonNode index = JsonNode.Parse(File.ReadAllText(folder.File("s/index.json")))!;
        index[key] = value is int number ? number : (string)value;
        File.WriteAllText(folder.File("s/index.json"), index.ToJsonString());
        Assert.Equal("TD-13", Fault(folder).Code);
    }

    [Theory]
    [InlineData("name", "../x")]
    [InlineData("tokens", 38)]
    [InlineData("documents", 0)]
    public void A_damaged_shard_entry_is_named(string key, object value)
    {
        using var folder = new TempFolder();
        ShardSamples.Write(folder, "s", [30, 9]);
        JsonNode index = JsonNode.Parse(File.ReadAllText(folder.File("s/index.json")))!;
        index["training"]!["shards"]![0]![key] = value is int number ? number : (string)value;
        File.WriteAllText(folder.File("s/index.json"), index.ToJsonString());
        Assert.Equal("TD-13", Fault(folder).Code);
        File.Delete(folder.File("s/index.json"));
        Assert.Equal("TD-13", Fault(folder).Code);
    }

    [Fact]
    public void A_token_beyond_the_vocabulary_is_found_when_it_is_read()
    {
        using var folder = new TempFolder();
        ShardSamples.Write(folder, "s", [30, 9]);
        string json = File.ReadAllText(folder.File("s/index.json"));
        File.WriteAllText(folder.File("s/index.json"), json.Replace("\"vocabulary_size\": 300", "\"vocabulary_size\": 105", StringComparison.Ordinal));
        using ShardFolder shards = ShardSamples.Open(folder, "s");
        shards.Training.Read(0, new long[35]);
        var error = Assert.Throws<ParScaleException>(() => shards.Training.Read(0, new long[36]));
        Assert.Equal("TD-07", error.Code);
        Assert.Contains("token 35 is 105", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_tokenizer_is_refused()
    {
        using var folder = new TempFolder();
        ShardSamples.Write(folder, "s", [30, 9]);
        TokenizerWriter.Write(folder.File("tokens"), BpeTrainer.Train("abcabc", 1));
        Assert.Equal("TD-14", Fault(folder).Code);
    }

    private static ParScaleException Fault(TempFolder folder) => Assert.Throws<ParScaleException>(() => ShardSamples.Open(folder, "s"));
}
