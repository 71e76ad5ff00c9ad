using System.Text.Json.Nodes;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;
using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Engine;

/// <summary>Sets of streams that are added to a model that is loaded already.</summary>
public sealed class StreamSetTests : IDisposable
{
    private static readonly int[] Tokens = [3, 1, 4, 1, 5, 9, 2, 6];
    private readonly TempFolder _folder = new();

    public StreamSetTests()
    {
        RandomCheckpoint.Write(_folder.File("plain"), RandomCheckpoint.Config(1), seed: 5);
        foreach (int streams in (int[])[2, 4, 8])
            RandomCheckpoint.WriteAddOn(_folder.File($"p{streams}"), _folder.File("plain"), new StreamConfig(streams, 5, 0.1), seed: streams);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_set_computes_what_its_own_folder_does()
    {
        using LanguageModel model = LanguageModel.Load(_folder.File("plain"));
        foreach (int streams in (int[])[2, 4, 8]) Assert.Equal($"p{streams}", model.AddStreams(_folder.File($"p{streams}")).Name);
        Assert.Equal([1, 2, 4, 8], model.StreamSets.Select(set => set.Count));
        Assert.Equal(1, model.Streams.Count);
        foreach (int streams in (int[])[2, 4, 8])
        {
            using LanguageModel own = LanguageModel.Load(_folder.File($"p{streams}"));
            Assert.Equal(streams, own.Streams.Count);
            Assert.Equal(Last(own), Last(model, streams));
            Assert.Equal(Last(own), Last(model, $"p{streams}"));
            Assert.Equal(Last(model), Last(own, 1));
        }
    }

    [Fact]
    public void The_streams_of_a_whole_folder_can_be_added_to_its_backbone()
    {
        Merge("p4", "whole");
        using LanguageModel model = LanguageModel.Load(_folder.File("plain")), whole = LanguageModel.Load(_folder.File("whole"));
        model.AddStreams(_folder.File("whole"), "four");
        whole.AddStreams(_folder.File("p2"));
        Assert.Equal(Last(whole), Last(model, "four"));
        Assert.Equal(Last(whole, 1), Last(model));
        Assert.NotEqual(Last(whole, 2), Last(whole));
    }

    [Theory]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void A_quantised_backbone_takes_the_streams_of_its_source(WeightDtype type)
    {
        Merge("p4", "whole");
        Quantizer.Run(_folder.File("plain"), _folder.File("small"), type, cancellationToken: TestContext.Current.CancellationToken);
        Quantizer.Run(_folder.File("whole"), _folder.File("small4"), type, cancellationToken: TestContext.Current.CancellationToken);
        using LanguageModel small = LanguageModel.Load(_folder.File("small")), small4 = LanguageModel.Load(_folder.File("small4"));
        using LanguageModel converted = LanguageModel.Load(_folder.File("plain"), new LoadOptions { Dtype = type });
        small.AddStreams(_folder.File("p4"));
        converted.AddStreams(_folder.File("p4"));
        Assert.Equal(Last(small4), Last(small, 4));
        Assert.Equal(Last(small4), Last(converted, 4));
        BadInput.Expect("AD-05", () => small.AddStreams(_folder.File("small4"), "again"), "config.json", "quantised");
    }

    [Fact]
    public void An_unknown_P_or_name_lists_those_resident()
    {
        using LanguageModel model = LanguageModel.Load(_folder.File("plain"));
        model.AddStreams(_folder.File("p4"));
        model.AddStreams(_folder.File("p4"), "second");
        var count = Assert.Throws<ParScaleException>(() => Last(model, 3));
        Assert.Equal("no stream set P = 3 is loaded; add it (AddStreams, --add-streams) or choose from \"p1\" (P = 1), \"p4\" (P = 4), \"second\" (P = 4)", count.Message);
        var name = Assert.Throws<ParScaleException>(() => model.CreateSession(3, "p9"));
        Assert.Equal(("CL-09", ErrorKind.Usage), (name.Code, name.Kind));
        var several = Assert.Throws<ParScaleException>(() => Last(model, 4));
        Assert.StartsWith("several stream sets have P = 4; choose one by name", several.Message, StringComparison.Ordinal);
        Assert.Equal(Last(model, "p4"), Last(model, "second"));
    }

    [Fact]
    public void A_name_is_given_once()
    {
        using LanguageModel model = LanguageModel.Load(_folder.File("p4"));
        var again = Assert.Throws<ParScaleException>(() => model.AddStreams(_folder.File("p4")));
        Assert.Equal(("AD-06", ErrorKind.Usage), (again.Code, again.Kind));
        Assert.Throws<ParScaleException>(() => model.AddStreams(_folder.File("p2"), "p1"));
        Assert.Throws<ParScaleException>(() => model.AddStreams(_folder.File("p2"), " "));
        Assert.Equal(2, model.StreamSets.Count);
    }

    [Fact]
    public void Streams_of_another_backbone_or_shape_are_refused()
    {
        RandomCheckpoint.Write(_folder.File("other"), RandomCheckpoint.Config(1), seed: 6);
        RandomCheckpoint.Write(_folder.File("deeper"), RandomCheckpoint.Config(1, layers: 3), seed: 6);
        RandomCheckpoint.Write(_folder.File("whole"), RandomCheckpoint.Config(4), seed: 7);
        Quantizer.Run(_folder.File("other"), _folder.File("small"), WeightDtype.Q8, cancellationToken: TestContext.Current.CancellationToken);
        using LanguageModel other = LanguageModel.Load(_folder.File("other")), deeper = LanguageModel.Load(_folder.File("deeper"));
        using LanguageModel small = LanguageModel.Load(_folder.File("small"));
        BadInput.Expect(ErrorKind.HashMismatch, "AD-02", () => other.AddStreams(_folder.File("p4")), long.MaxValue, "other");
        BadInput.Expect(ErrorKind.HashMismatch, "AD-02", () => small.AddStreams(_folder.File("p4")), long.MaxValue, "small");
        BadInput.Expect(ErrorKind.HashMismatch, "AD-02", () => other.AddStreams(_folder.File("whole")), long.MaxValue, "other");
        BadInput.Expect("AD-03", () => deeper.AddStreams(_folder.File("p4")), "config.json");
        BadInput.Expect("AD-05", () => other.AddStreams(_folder.File("plain")), "config.json");
        Assert.Single(other.StreamSets);
    }

    [Fact]
    public void The_proof_reads_a_few_bytes_of_every_tensor()
    {
        using LanguageModel model = LanguageModel.Load(_folder.File("plain"));
        foreach (string tensor in (string[])["model.norm.weight", "model.layers.1.mlp.down_proj.weight", "model.embed_tokens.weight"])
        {
            CopyFolder(_folder.File("plain"), _folder.File("changed"));
            long offset;
            using (SafetensorsFile file = SafetensorsFile.Open(_folder.File("changed/model.safetensors"))) offset = file.Tensors[tensor].Offset;
            using (FileStream stream = File.OpenWrite(_folder.File("changed/model.safetensors")))
            {
                stream.Position = offset + 5;
                stream.WriteByte(0x55);
            }
            using LanguageModel changed = LanguageModel.Load(_folder.File("changed"));
            BadInput.Expect(ErrorKind.HashMismatch, "AD-02", () => changed.AddStreams(_folder.File("p4")), long.MaxValue, "changed");
        }
    }

    [Fact]
    public void An_addon_without_a_sample_is_proved_by_all_weights()
    {
        Edit("p4", reference => reference.Remove("xxh128_sample"));
        using LanguageModel model = LanguageModel.Load(_folder.File("plain"));
        Assert.Equal(4, model.AddStreams(_folder.File("p4")).Count);
        Edit("p2", reference =>
        {
            reference.Remove("xxh128_sample");
            reference["xxh128"] = new string('0', 32);
        });
        BadInput.Expect(ErrorKind.HashMismatch, "AD-02", () => model.AddStreams(_folder.File("p2")), long.MaxValue, "plain");
        Quantizer.Run(_folder.File("plain"), _folder.File("small"), WeightDtype.Q8, cancellationToken: TestContext.Current.CancellationToken);
        using LanguageModel small = LanguageModel.Load(_folder.File("small"));
        BadInput.Expect(ErrorKind.HashMismatch, "AD-02", () => small.AddStreams(_folder.File("p4")), long.MaxValue, "small");
    }

    [Fact]
    public void An_addons_own_backbone_need_not_be_there()
    {
        using LanguageModel model = LanguageModel.Load(_folder.File("plain"));
        Edit("p4", reference => reference["path"] = "../gone");
        Assert.Equal(4, model.AddStreams(_folder.File("p4")).Count);
    }

    private static float[] Last(LanguageModel model, StreamChoice? streams = null) => model.Logits(Tokens, streams, TestContext.Current.CancellationToken).Last;

    private void Edit(string name, Action<JsonObject> edit)
    {
        JsonNode config = JsonNode.Parse(File.ReadAllText(_folder.File($"{name}/config.json")))!;
        edit(config["parscale_backbone"]!.AsObject());
        File.WriteAllText(_folder.File($"{name}/config.json"), config.ToJsonString());
    }

    // The add-on and its backbone as one folder.
    private void Merge(string addOn, string target)
    {
        using Checkpoint merged = Checkpoint.Open(_folder.File(addOn));
        CheckpointConfig config = merged.Config with { Backbone = null };
        Directory.CreateDirectory(_folder.File(target));
        File.WriteAllText(_folder.File($"{target}/config.json"), config.ToJson());
        SafetensorsWriter.Write(_folder.File($"{target}/model.safetensors"),
        [
            .. ModelTensors.Expected(config).Select(tensor => merged.Get(tensor.Name))
                .Select(held => new TensorToWrite(held.Info.Name, held.Info.Type, held.Info.Shape, held.File.Bytes(held.Info).ToArray())),
        ]);
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }
}
