using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;

namespace ParScale.Tests.Checkpoints;

/// <summary>Tensors that the config does not ask for: RoPE of theta 10000 over heads of 4, two layers.</summary>
public class ExtraTensorTests
{
    private const string Layer = "model.layers.0.self_attn.";

    /// <summary>Name, type, shape and numbers of tensors that old versions and other tools leave, and that change nothing.</summary>
    public static TheoryData<string, TensorType, long[], double[]> Harmless() => new()
    {
        { "step", TensorType.F32, [], [1] },
        { "step", TensorType.F32, [0, 7], [] },
        { "v_head.summary.weight", TensorType.F32, [1, 8], [1, 2, 3, 4, 5, 6, 7, 8] },
        { "value_head.bias", TensorType.F32, [1], [1] },
        { "score.weight", TensorType.BF16, [2, 1], [1, 2] },
        { "model.rotary_emb.inv_freq", TensorType.F32, [2], [1, 0.01] },
        { Layer + "rotary_emb.inv_freq", TensorType.BF16, [2], [1, 0.01] },
        { Layer + "rotary_emb.inv_freq", TensorType.F16, [2], [1, 0.01] },
        { Layer + "rotary_emb.cos_cached", TensorType.F32, [1, 1, 2, 4], [1, 1, 1, 1, Math.Cos(1), Math.Cos(0.01), Math.Cos(1), Math.Cos(0.01)] },
        { Layer + "rotary_emb.sin_cached", TensorType.F32, [2, 4], [0, 0, 0, 0, Math.Sin(1), Math.Sin(0.01), Math.Sin(1), Math.Sin(0.01)] },
        { Layer + "bias", TensorType.Bool, [1, 1, 3, 3], [1, 0, 0, 1, 1, 0, 1, 1, 1] },
        { Layer + "bias", TensorType.F32, [3, 3], [1, 0, 0, 1, 1, 0, 1, 1, 1] },
        { "transformer.h.0.attn.bias", TensorType.U8, [1, 1, 2, 2], [1, 0, 1, 1] },
        { "model.causal_mask", TensorType.BF16, [2, 2], [0, 1, 0, 0] },
        { Layer + "masked_bias", TensorType.F32, [], [-1e9] },
        { Layer + "masked_bias", TensorType.F16, [1], [-1e4] },
    };

    /// <summary>The same of tensors that a result may depend on, after the id of the error.</summary>
    public static TheoryData<string, string, TensorType, long[], double[]> Refused() => new()
    {
        { "ST-28", "step", TensorType.F32, [1], [1] },
        { "ST-28", Layer + "q_proj.weight_scale", TensorType.F32, [], [2] },
        { "ST-28", Layer + "q_proj.lora_A.weight", TensorType.F32, [1, 8], [1, 2, 3, 4, 5, 6, 7, 8] },
        { "ST-28", Layer + "o_proj.bias", TensorType.F32, [2], [0, 0] },
        { "ST-28", Layer + "bias", TensorType.F32, [2], [0, 0] },
        { "ST-28", Layer + "bias", TensorType.F32, [2, 2], [1, 0.5, 1, 1] },
        { "ST-28", Layer + "bias", TensorType.Bool, [1, 1, 3, 3], [1, 1, 0, 1, 1, 1, 1, 1, 1] },
        { "ST-28", Layer + "bias", TensorType.F64, [1, 1, 2, 2], [1, 0, 1, 1] },
        { "ST-28", Layer + "masked_bias", TensorType.F32, [2], [0, 0] },
        { "ST-28", "model.v_head.weight", TensorType.F32, [1, 1], [1] },
    };

    /// <summary>The same of rotary buffers that another config made.</summary>
    public static TheoryData<string, TensorType, long[], double[]> OtherRotary() => new()
    {
        { "model.rotary_emb.inv_freq", TensorType.F32, [2], [1, 0.001] },
        { Layer + "rotary_emb.inv_freq", TensorType.BF16, [2], [0.25, 0.0025] },
        { Layer + "rotary_emb.inv_freq", TensorType.F32, [3], [1, 0.01, 0.0001] },
        { Layer + "rotary_emb.inv_freq", TensorType.F32, [2], [1, double.NaN] },
        { Layer + "rotary_emb.cos_cached", TensorType.F32, [2, 4], [1, 1, 1, 1, 1, 1, 1, 1] },
        { Layer + "rotary_emb.cos_cached", TensorType.F32, [4], [1, 1, 1, 1] },
    };

    [Theory]
    [MemberData(nameof(Harmless))]
    public void What_changes_nothing_is_ignored_with_a_notice(string name, TensorType type, long[] shape, double[] values)
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(), tensors => tensors.Add(Tensor(name, type, shape, values)));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        string notice = Assert.Single(checkpoint.Notices);
        Assert.Contains($"tensor \"{name}\" is no weight", notice, StringComparison.Ordinal);
        Assert.DoesNotContain("rope_theta", notice, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(OtherRotary))]
    public void Rotary_buffers_of_another_config_are_told_of(string name, TensorType type, long[] shape, double[] values)
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(), tensors => tensors.Add(Tensor(name, type, shape, values)));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.Contains($"\"{name}\" does not follow from rope_theta 10000", Assert.Single(checkpoint.Notices), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_may_change_a_result_is_refused_by_name(string code, string name, TensorType type, long[] shape, double[] values)
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(), tensors => tensors.Add(Tensor(name, type, shape, values)));
        BadInput.Expect(code, () => Checkpoint.Open(folder.Path).Dispose(), "model.safetensors", name);
    }

    [Fact]
    public void All_of_them_share_one_notice()
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(), tensors =>
        {
            for (int i = 0; i < 5; i++) tensors.Add(TinyModel.Zeros($"score.{i}", [2]));
        });
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.Contains("\"score.2\" and 2 more are no weights", Assert.Single(checkpoint.Notices), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void A_second_head_of_a_tied_model_is_told_of(byte value, bool differs)
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder, TinyModel.Config(), tensors =>
        {
            byte[] bytes = new byte[10 * 8 * sizeof(float)];
            bytes[^1] = value;
            tensors.Add(new TensorToWrite(ModelTensors.HeadName, TensorType.F32, [10, 8], bytes));
        });
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        string notice = Assert.Single(checkpoint.Notices);
        Assert.Contains(ModelTensors.HeadName, notice, StringComparison.Ordinal);
        Assert.Equal(differs, notice.Contains("differs from the embedding", StringComparison.Ordinal));
    }

    [Fact]
    public void A_tied_model_saved_under_the_heads_name_computes_the_same()
    {
        using var folder = new TempFolder();
        CheckpointConfig config = RandomCheckpoint.Config(tied: true);
        RandomCheckpoint.Write(folder.File("plain"), config, seed: 1);
        RandomCheckpoint.Write(folder.File("head"), config, seed: 1);
        Rename(folder.File("head"), new() { [ModelTensors.EmbeddingName] = ModelTensors.HeadName, ["format"] = "pt" });
        using LanguageModel plain = LanguageModel.Load(folder.File("plain")), head = LanguageModel.Load(folder.File("head"));
        Assert.Contains("__metadata__", Assert.Single(head.Notices), StringComparison.Ordinal);
        Assert.Equal(plain.Logits([1, 2, 3], TestContext.Current.CancellationToken).Last, head.Logits([1, 2, 3], TestContext.Current.CancellationToken).Last);
        using Checkpoint a = Checkpoint.Open(folder.File("plain")), b = Checkpoint.Open(folder.File("head"));
        Assert.Equal(BackboneHash.Of(a), BackboneHash.Of(b));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(ModelTensors.EmbeddingName, "lm_head")]
    [InlineData("wte", ModelTensors.HeadName)]
    public void Without_that_word_the_embedding_is_missing(string? name, string? saved)
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.Path, RandomCheckpoint.Config(tied: true), seed: 1);
        Rename(folder.Path, name is null ? [] : new() { [name] = saved! });
        BadInput.Expect("ST-28", () => Checkpoint.Open(folder.Path).Dispose(), ModelTensors.EmbeddingName, ModelTensors.HeadName, "__metadata__");
    }

    private static void Rename(string folder, Dictionary<string, string> metadata)
    {
        string path = Path.Combine(folder, "model.safetensors");
        List<TensorToWrite> tensors;
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            tensors = [.. file.Tensors.Values.Select(t => new TensorToWrite(
                t.Name == ModelTensors.EmbeddingName ? ModelTensors.HeadName : t.Name, t.Type, t.Shape, file.Bytes(t).ToArray()))];
        }
        SafetensorsWriter.Write(path, tensors, metadata);
    }

    private static TensorToWrite Tensor(string name, TensorType type, long[] shape, double[] values) =>
        new(name, type, shape, values.SelectMany(value => Bytes(type, value)).ToArray());

    private static byte[] Bytes(TensorType type, double value) => type switch
    {
        TensorType.Bool or TensorType.U8 => [(byte)value],
        TensorType.F16 => BitConverter.GetBytes((Half)value),
        TensorType.BF16 => BitConverter.GetBytes((float)value)[2..],
        TensorType.F32 => BitConverter.GetBytes((float)value),
        _ => BitConverter.GetBytes(value),
    };
}
