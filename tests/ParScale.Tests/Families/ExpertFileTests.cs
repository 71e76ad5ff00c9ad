using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;
using ParScale.Tests.Checkpoints;

namespace ParScale.Tests.Families;

/// <summary>The three ways in which files name experts: one model.</summary>
public sealed class ExpertFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Names => ["qwen3_moe", "qwen2_moe", "mixtral", "olmoe"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_way_to_name_experts_gives_the_same_model(string name)
    {
        CheckpointConfig config = FamilyConfigs.Write(_folder.File("as-published"), name, streams: 2, seed: 9);
        int[] tokens = FamilyRun.Tokens(9, config.Model.VocabularySize);
        float[] expected = Logits(_folder.File("as-published"), tokens);
        using Checkpoint published = Checkpoint.Open(_folder.File("as-published"));
        foreach (ExpertTensors way in Enum.GetValues<ExpertTensors>())
        {
            string folder = Rename("as-published", way);
            Assert.Equal(expected, Logits(folder, tokens));
            using Checkpoint renamed = Checkpoint.Open(folder);
            Assert.Equal(way, renamed.Config.Model.ExpertTensors);
            Assert.Equal(BackboneHash.Of(published), BackboneHash.Of(renamed));
            Quantizer.Run(folder, _folder.File($"q4-{way}"), WeightDtype.Q4, cancellationToken: TestContext.Current.CancellationToken);
        }
        float[] quantized = Logits(_folder.File("q4-Stacked"), tokens);
        Assert.Equal(Logits(_folder.File("q4-Separate"), tokens), quantized);
        Assert.Equal(Logits(_folder.File("q4-Mixtral"), tokens), quantized);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Routers_are_never_quantized(string name)
    {
        FamilyConfigs.Write(_folder.File("float"), name);
        Quantizer.Run(_folder.File("float"), _folder.File("q4"), WeightDtype.Q4, cancellationToken: TestContext.Current.CancellationToken);
        using Checkpoint quantized = Checkpoint.Open(_folder.File("q4"));
        Assert.Equal(TensorType.F32, quantized.Get("model.layers.0.mlp.gate.weight").Info.Type);
        if (name == "qwen2_moe") Assert.Equal(TensorType.F32, quantized.Get("model.layers.0.mlp.shared_expert_gate.weight").Info.Type);
        Assert.Equal(TensorType.U8, quantized.Get("model.layers.0.mlp.experts.1.up_proj.weight").Info.Type);
    }

    [Fact]
    public void An_add_on_fits_its_backbone_under_other_names()
    {
        FamilyConfigs.Write(_folder.File("as-published"), "mixtral");
        RandomCheckpoint.WriteAddOn(_folder.File("add-on"), _folder.File("as-published"), new StreamConfig(2, 4, 0.1), seed: 8);
        int[] tokens = FamilyRun.Tokens(9, 50);
        float[] expected = Logits(_folder.File("add-on"), tokens);
        string stacked = Rename("as-published", ExpertTensors.Stacked);
        Assert.Equal(expected, Logits(stacked, tokens, _folder.File("add-on")));
        Directory.Move(_folder.File("as-published"), _folder.File("kept"));
        Directory.Move(stacked, _folder.File("as-published"));
        Assert.Equal(expected, Logits(_folder.File("add-on"), tokens));
    }

    [Theory]
    [InlineData("model.layers.1.mlp.experts.gate_up_proj", "model.layers.0.mlp.experts.0.down_proj.weight")]
    [InlineData("model.layers.0.block_sparse_moe.experts.1.w1.weight", "model.layers.0.mlp.experts.0.down_proj.weight")]
    public void Two_ways_in_one_folder_are_refused_by_name(string added, string other)
    {
        TinyModel.Write(_folder, FamilyConfigs.Json("qwen3_moe"), tensors => tensors.Add(TinyModel.Zeros(added, [6, 32, 32])));
        BadInput.Expect("ST-28", () => Checkpoint.Open(_folder.Path).Dispose(), added, other, "name experts in two ways");
    }

    [Theory]
    [InlineData("gate_up_proj", new long[] { 5, 40, 32 }, "expected shape [5, 80, 32], found [5, 40, 32]")]
    [InlineData("gate_up_proj", new long[] { 4, 80, 32 }, "expected shape [5, 80, 32], found [4, 80, 32]")]
    [InlineData("down_proj", new long[] { 5, 40, 32 }, "expected shape [5, 32, 40], found [5, 40, 32]")]
    public void Stacked_tensors_of_wrong_size_are_named_with_their_shapes(string tensor, long[] shape, string named)
    {
        FamilyConfigs.Write(_folder.File("float"), "mixtral");
        string stacked = Rename("float", ExpertTensors.Stacked, written => written.Name.EndsWith("1.mlp.experts." + tensor, StringComparison.Ordinal)
            ? TinyModel.Zeros(written.Name, shape) : written);
        BadInput.Expect("ST-28", () => Checkpoint.Open(stacked).Dispose(), $"model.layers.1.mlp.experts.{tensor}", named);
    }

    [Fact]
    public void Active_parameters_leave_out_what_a_token_does_not_choose()
    {
        foreach (string name in Names)
        {
            CheckpointConfig config = FamilyConfigs.Read(name, streams: 2);
            var counts = ParameterCounts.Of(config);
            long idle = config.Model.Layers.Sum(layer => layer.FeedForward.Experts is { } experts
                ? (long)(experts.Count - experts.Chosen) * 3 * config.Model.HiddenSize * layer.FeedForward.Width : 0);
            Assert.InRange(idle, 1, counts.Core);
            Assert.Equal((idle, counts.Total - idle), (counts.Idle, counts.Active));
        }
        Assert.Equal(0, ParameterCounts.Of(FamilyConfigs.Read("llama")).Idle);
    }

    private string Rename(string folder, ExpertTensors way, Func<TensorToWrite, TensorToWrite>? change = null)
    {
        string target = _folder.File($"{folder}-{way}");
        using Checkpoint source = Checkpoint.Open(_folder.File(folder));
        Directory.CreateDirectory(target);
        File.Copy(Path.Combine(source.Folder, "config.json"), Path.Combine(target, "config.json"));
        TensorToWrite Write(StoredTensor tensor)
        {
            IEnumerable<string> parts = tensor.Parts.Count == 0 ? [tensor.Name] : tensor.Parts.Select(part => part.Name);
            byte[] bytes = [.. parts.SelectMany(part => { (SafetensorsFile file, TensorInfo info) = source.Get(part); return file.Bytes(info).ToArray(); })];
            var written = new TensorToWrite(tensor.Name, TensorType.F32, tensor.Shape, bytes);
            return change?.Invoke(written) ?? written;
        }
        SafetensorsWriter.Write(Path.Combine(target, "model.safetensors"),
            [.. ModelTensors.Table(source.Config.Model with { ExpertTensors = way }, source.Config.Streams).Select(Write)]);
        return target;
    }

    private static float[] Logits(string folder, int[] tokens, params string[] added)
    {
        using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { AddedStreams = added, Streams = added.Length > 0 ? 2 : null, KvDtype = KvDtype.F32, Threads = 2 });
        return Compare.LogitsInPortions(model, tokens, tokens.Length);
    }
}
