using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Tests.Checkpoints;

/// <summary>Add-ons: folders that hold only prefixes and aggregator, and name the model they were trained on.</summary>
public sealed class BackboneTests
{
    private static readonly int[] Tokens = [3, 1, 4, 1, 5, 9, 2, 6];

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void An_addon_computes_what_the_whole_folder_does(bool tied, bool sharded)
    {
        using var folder = new TempFolder();
        Make(folder, tied, sharded);
        using LanguageModel whole = LanguageModel.Load(folder.File("whole")), addon = LanguageModel.Load(folder.File("addon"));
        using LanguageModel backbone = LanguageModel.Load(folder.File("plain"));
        Assert.Equal(Last(whole), Last(addon));
        Assert.NotEqual(Last(backbone), Last(addon));
        using LanguageModel alone = LanguageModel.Load(folder.File("addon"), new LoadOptions { Streams = 1 });
        Assert.Equal(Last(backbone), Last(alone));
        using Checkpoint checkpoint = Checkpoint.Open(folder.File("addon"));
        Assert.Equal("../plain", checkpoint.Config.Backbone!.Path);
        Assert.Equal(RandomCheckpoint.Config(4, tied: tied).Parameters, checkpoint.Config.Parameters);
    }

    [Fact]
    public void The_hash_depends_on_the_plain_weights_alone()
    {
        using var folder = new TempFolder();
        Make(folder, tied: true, sharded: true);
        RandomCheckpoint.Write(folder.File("other"), RandomCheckpoint.Config(1), seed: 6);
        using Checkpoint plain = Checkpoint.Open(folder.File("plain")), whole = Checkpoint.Open(folder.File("whole"));
        using Checkpoint other = Checkpoint.Open(folder.File("other"));
        Assert.Equal(BackboneHash.Of(plain), BackboneHash.Of(whole));
        Assert.NotEqual(BackboneHash.Of(plain), BackboneHash.Of(other));
    }

    [Fact]
    public void A_folder_with_streams_can_be_the_backbone_of_others()
    {
        using var folder = new TempFolder();
        Make(folder, tied: true, sharded: false);
        Edit(folder, config => config["parscale_backbone"]!["path"] = "../whole");
        using LanguageModel whole = LanguageModel.Load(folder.File("whole")), addon = LanguageModel.Load(folder.File("addon"));
        Assert.Equal(Last(whole), Last(addon));
    }

    [Fact]
    public void A_quantised_copy_is_whole()
    {
        using var folder = new TempFolder();
        Make(folder, tied: true, sharded: false);
        Quantizer.Run(folder.File("addon"), folder.File("q8"), WeightDtype.Q8, cancellationToken: TestContext.Current.CancellationToken);
        Directory.Delete(folder.File("plain"), recursive: true);
        using LanguageModel small = LanguageModel.Load(folder.File("q8"));
        Assert.Null(CheckpointConfig.Load(folder.File("q8")).Backbone);
        Assert.Equal(4, small.Streams.Count);
    }

    [Fact]
    public void A_backbone_that_is_gone_is_named()
    {
        using var folder = new TempFolder();
        Make(folder, tied: true, sharded: false);
        Directory.Move(folder.File("plain"), folder.File("moved"));
        BadInput.Expect("AD-01", () => LanguageModel.Load(folder.File("addon")), "config.json", "../plain");
    }

    [Fact]
    public void Another_backbone_of_the_same_shape_is_refused()
    {
        using var folder = new TempFolder();
        Make(folder, tied: true, sharded: false);
        RandomCheckpoint.Write(folder.File("plain"), RandomCheckpoint.Config(1), seed: 6);
        BadInput.Expect(ErrorKind.HashMismatch, "AD-02", () => LanguageModel.Load(folder.File("addon")), long.MaxValue, "../plain");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("../addon")]
    public void A_backbone_of_another_shape_or_an_addon_is_refused(string? path)
    {
        using var folder = new TempFolder();
        Make(folder, tied: true, sharded: false);
        if (path is null) RandomCheckpoint.Write(folder.File("plain"), RandomCheckpoint.Config(1, layers: 3), seed: 6);
        else Edit(folder, config => config["parscale_backbone"]!["path"] = path);
        BadInput.Expect("AD-03", () => LanguageModel.Load(folder.File("addon")), "config.json");
    }

    [Fact]
    public void A_key_that_names_no_backbone_is_refused()
    {
        using var folder = new TempFolder();
        Make(folder, tied: true, sharded: false);
        foreach (string value in (string[])["\"../plain\"", "{}", "{\"path\": \"../plain\", \"xxh128\": \"12\"}", "{\"path\": \"\", \"xxh128\": 3}", "[]"])
        {
            Edit(folder, config => config["parscale_backbone"] = JsonNode.Parse(value));
            var error = Assert.Throws<ParScaleException>(() => LanguageModel.Load(folder.File("addon")));
            Assert.Contains(error.Code, (string[])["AD-04", "CF-04"]);
        }
    }

    [Fact]
    public void A_key_beside_path_and_hash_is_refused_by_name()
    {
        using var folder = new TempFolder();
        Make(folder, tied: true, sharded: false);
        Edit(folder, config => config["parscale_backbone"]!["revision"] = "main");
        BadInput.Expect("AD-04", () => LanguageModel.Load(folder.File("addon")), "config.json", "parscale_backbone.revision");
    }

    private static float[] Last(LanguageModel model) => model.Logits(Tokens, TestContext.Current.CancellationToken).Last;

    private static void Edit(TempFolder folder, Action<JsonNode> edit)
    {
        JsonNode config = JsonNode.Parse(File.ReadAllText(folder.File("addon/config.json")))!;
        edit(config);
        File.WriteAllText(folder.File("addon/config.json"), config.ToJsonString());
    }

    /// <summary>Writes one model twice: <c>whole</c>, and <c>addon</c> beside <c>plain</c>.</summary>
    private static void Make(TempFolder folder, bool tied, bool sharded)
    {
        CheckpointConfig config = RandomCheckpoint.Config(4, tied: tied), plain = RandomCheckpoint.Config(1, tied: tied);
        RandomCheckpoint.Write(folder.File("whole"), config, seed: 5, sharded: sharded);
        HashSet<string> core = [.. ModelTensors.Expected(plain).Select(tensor => tensor.Name)];
        using Checkpoint whole = Checkpoint.Open(folder.File("whole"));
        void Write(string name, CheckpointConfig part, Func<string, bool> wanted)
        {
            Directory.CreateDirectory(folder.File(name));
            File.WriteAllText(folder.File($"{name}/config.json"), part.ToJson());
            TensorToWrite[] tensors =
            [
                .. ModelTensors.Expected(config).Where(t => wanted(t.Name)).Select(t => whole.Get(t.Name))
                    .Select(held => new TensorToWrite(held.Info.Name, held.Info.Type, held.Info.Shape, held.File.Bytes(held.Info).ToArray())),
            ];
            SafetensorsWriter.Write(folder.File($"{name}/model.safetensors"), tensors);
        }
        Write("plain", plain, core.Contains);
        var reference = new BackboneReference(folder.File("plain"), BackboneHash.Of(whole));
        Write("addon", config with { Backbone = reference.From(folder.File("addon")) }, name => !core.Contains(name));
    }
}
