using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;

namespace ParScale.Tests.Checkpoints.Safetensors;

public class SafetensorsIndexTests
{
    private const string Index = "model.safetensors.index.json";
    private const string First = "model-00001-of-00002.safetensors";
    private const string Second = "model-00002-of-00002.safetensors";
    private const string Norm = "model.norm.weight";

    public static TheoryData<string> BadNames() =>
    [
        "../x.safetensors", "/etc/passwd", "/tmp/a.safetensors", "C:\\x.safetensors", "C:x.safetensors", "\\\\h\\s.safetensors",
        "a/b.safetensors", "a\\b.safetensors", "./a.safetensors", "..", ".", "", ".safetensors", "..safetensors", "a.safetensors ",
        "a.safetensors.", "CON.safetensors", "nul.x.safetensors", "com1.safetensors", "LPT9 .safetensors", "a:b.safetensors",
        "a?.safetensors", "a\0.safetensors", "a\n.safetensors", "model.bin", " a.safetensors", new string('a', 250) + ".safetensors",
    ];

    [Fact]
    public void A_sharded_checkpoint_opens()
    {
        using var folder = new TempFolder();
        folder.Write(Index, TinyModel.WriteShards(folder, TinyModel.Config()).ToJsonString());
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.Empty(checkpoint.Notices);
        Assert.Equal(Second, Path.GetFileName(checkpoint.Get(Norm).File.Path));
        Assert.Equal(First, Path.GetFileName(checkpoint.Get("model.embed_tokens.weight").File.Path));
    }

    [Fact]
    public void A_byte_order_mark_is_skipped_and_deep_nesting_is_called_so()
    {
        using var folder = new TempFolder();
        string index = TinyModel.WriteShards(folder, TinyModel.Config()).ToJsonString();
        folder.Write(Index, "\uFEFF" + index);
        Checkpoint.Open(folder.Path).Dispose();
        folder.Write(Index, $"{index[..^1]},\"x\":{new string('[', 100)}");
        Expect("ST-07", folder, Index, "nested deeper than 64 levels");
        folder.Write(Index, $"{index[..^1]},\"x\":nope}}");
        Expect("ST-07", folder, Index, "not valid JSON");
    }

    [Fact]
    public void A_single_file_wins_over_an_index_with_a_notice()
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config());
        folder.Write(Index, "not even JSON");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.Contains(Index, Assert.Single(checkpoint.Notices));
    }

    [Fact]
    public void ST25_a_missing_shard_is_named()
    {
        using var folder = new TempFolder();
        folder.Write(Index, TinyModel.WriteShards(folder, TinyModel.Config()).ToJsonString());
        File.Delete(folder.File(Second));
        Expect("ST-25", folder, Index, Second);
    }

    [Theory]
    [MemberData(nameof(BadNames))]
    public void ST26_a_shard_is_a_plain_file_name_on_every_system(string name)
    {
        using var folder = new TempFolder();
        Spoil(folder, map => map[Norm] = name);
        Expect("ST-26", folder, Index, Norm);
    }

    [Fact]
    public void ST27_a_tensor_in_two_shards_is_refused()
    {
        using var folder = new TempFolder();
        Spoil(folder, _ => { });
        SafetensorsWriter.Write(folder.File("third.safetensors"), [TinyModel.Zeros(Norm, [8]), TinyModel.Zeros("third", [8])]);
        Spoil(folder, map => map["third"] = "third.safetensors");
        Expect("ST-27", folder, Norm, "third.safetensors", Second);
    }

    [Fact]
    public void ST27_a_tensor_that_is_not_in_its_shard_is_refused()
    {
        using var folder = new TempFolder();
        Spoil(folder, map => map[Norm] = First);
        Expect("ST-27", folder, Index, Norm, First, Second);
        Spoil(folder, map => map["ghost"] = First);
        Expect("ST-27", folder, Index, "\"ghost\"", First);
    }

    [Fact]
    public void ST27_a_tensor_that_the_map_leaves_out_is_refused()
    {
        using var folder = new TempFolder();
        Spoil(folder, map => map.Remove(Norm));
        Expect("ST-27", folder, Second, Norm);
    }

    [Theory]
    [InlineData("ST-01", "")]
    [InlineData("ST-07", "{")]
    [InlineData("ST-07", "{\"weight_map\":{\"a\":\"b.safetensors\"")]
    [InlineData("ST-07", "{} x")]
    [InlineData("ST-08", "[]")]
    [InlineData("ST-08", "{\"weight_map\":[]}")]
    [InlineData("ST-25", "{}")]
    [InlineData("ST-25", "{\"weight_map\":{}}")]
    [InlineData("ST-25", "{\"weight_map\":{\"a\":3}}")]
    [InlineData("ST-10", "{\"weight_map\":{\"a\":\"b.safetensors\"},\"weight_map\":{}}")]
    [InlineData("ST-27", "{\"weight_map\":{\"a\":\"b.safetensors\",\"\\u0061\":\"c.safetensors\"}}")]
    [InlineData("ST-06", "{\"weight_map\":{\"\\udc00\":\"b.safetensors\"}}")]
    public void A_malformed_index_is_refused(string code, string text)
    {
        using var folder = new TempFolder();
        folder.Write("config.json", TinyModel.Config());
        folder.Write(Index, text);
        Expect(code, folder, Index);
    }

    [Fact]
    public void A_shard_may_be_a_link_as_in_the_hub_cache()
    {
        using var folder = new TempFolder();
        folder.Write(Index, TinyModel.WriteShards(folder, TinyModel.Config()).ToJsonString());
        Directory.CreateDirectory(folder.File("blobs"));
        File.Move(folder.File(Second), Path.Combine(folder.Path, "blobs", "abc"));
        File.CreateSymbolicLink(folder.File(Second), Path.Combine("blobs", "abc"));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.True(checkpoint.Contains(Norm));
    }

    private static void Spoil(TempFolder folder, Action<JsonObject> change)
    {
        JsonObject index = TinyModel.WriteShards(folder, TinyModel.Config());
        change(index["weight_map"]?.AsObject() ?? throw new InvalidOperationException());
        folder.Write(Index, index.ToJsonString());
    }

    private static void Expect(string code, TempFolder folder, params ReadOnlySpan<string> named) =>
        BadInput.Expect(code, () => Checkpoint.Open(folder.Path).Dispose(), named);
}
