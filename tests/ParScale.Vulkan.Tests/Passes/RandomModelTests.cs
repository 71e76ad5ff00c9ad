using System.Numerics.Tensors;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Passes;

/// <summary>Random models of shapes that fill no group, tile or word, against float64 and against the CPU.</summary>
public class RandomModelTests(TestDevice test) : ModelTest(test)
{
    private const int Vocabulary = 53;

    [Theory]
    [InlineData(TensorType.F32, 1)]
    [InlineData(TensorType.F32, 3)]
    [InlineData(TensorType.BF16, 2)]
    [InlineData(TensorType.BF16, 5)]
    public void Floats_agree_with_float64(TensorType type, int streams)
    {
        string folder = Write(type, streams);
        int[] tokens = Tokens(23, Vocabulary, streams);
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        double[] expected = [.. Oracle.Of(checkpoint).Logits(tokens).SelectMany(row => row)];
        using LanguageModel model = Load(folder);
        float[] whole = [.. Logits(model, tokens, [23]).SelectMany(row => row)];
        Near(expected, whole, 1e-5, $"{type}, P = {streams}");
        // A row's bits do not depend on those that run beside it.
        Assert.Equal(whole, Logits(model, tokens, [1, 9, 1, 1, 11]).SelectMany(row => row));
        CheckRecorded();
    }

    // Products have the CPU's bits (MatMulTests). Norms, attention and gates add in another order; where that moves an activation over a
    // rounding border, its code changes by one of 127.
    [Theory]
    [InlineData(WeightDtype.Q8, 1, KvDtype.F32)]
    [InlineData(WeightDtype.Q8, 4, KvDtype.Bf16)]
    [InlineData(WeightDtype.Q4, 1, KvDtype.Bf16)]
    [InlineData(WeightDtype.Q4, 3, KvDtype.F32)]
    public void Block_quantized_weights_agree_with_the_CPU(WeightDtype type, int streams, KvDtype cache)
    {
        string folder = Write(TensorType.F32, streams);
        int[] tokens = Tokens(23, Vocabulary, streams);
        var options = new LoadOptions { Dtype = type, KvDtype = cache };
        using LanguageModel cpu = LanguageModel.Load(folder, options), model = Load(folder, options);
        float[] expected = [.. Logits(cpu, tokens, [23]).SelectMany(row => row)], found = [.. Logits(model, tokens, [23]).SelectMany(row => row)];
        Close(expected, found, 5e-3, $"{type}, P = {streams}, {cache}");
        Assert.Equal(found, Logits(model, tokens, [2, 20, 1]).SelectMany(row => row));
        CheckRecorded();
    }

    // The CPU rounds queries and weights to 16 bits beside them, and where that moves a later key or value over a border, its code differs: so both are
    // compared with what float32 caches give.
    [Theory]
    [InlineData(WeightDtype.F32, 2)]
    [InlineData(WeightDtype.Bf16, 1)]
    [InlineData(WeightDtype.Q8, 3)]
    public void Caches_of_8_bits_lose_no_more_than_they_do_on_the_CPU(WeightDtype type, int streams)
    {
        string folder = Write(TensorType.F32, streams);
        int[] tokens = Tokens(23, Vocabulary, streams);
        var options = new LoadOptions { Dtype = type, KvDtype = KvDtype.Q8 };
        using LanguageModel exact = LanguageModel.Load(folder, options with { KvDtype = KvDtype.F32 });
        using LanguageModel cpu = LanguageModel.Load(folder, options), model = Load(folder, options);
        double Loss(LanguageModel of) => Logits(exact, tokens, [23]).Zip(Logits(of, tokens, [23]), (a, b) => TensorPrimitives.Distance<float>(a, b)).Max();
        double allowed = Loss(cpu), found = Loss(model);
        Assert.True(found > 0 && found < 1.5 * allowed, $"{type}, P = {streams}: {found:e2}, the CPU {allowed:e2}");
        TestContext.Current.TestOutputHelper?.WriteLine($"{found:e2}, the CPU {allowed:e2}");
        Assert.Equal(Logits(model, tokens, [23]), Logits(model, tokens, [2, 20, 1]));
        CheckRecorded();
    }

    [Fact]
    public void An_elastic_model_runs_with_every_cut()
    {
        int[] counts = [1, 2, 5], tokens = Tokens(12, Vocabulary, 1);
        string folder = Write(TensorType.F32, 5);
        CutCheckpoint.MakeElastic(folder, counts);
        using LanguageModel model = Load(folder);
        foreach (int count in counts)
        {
            CutCheckpoint.Write(folder, Folder($"cut{count}"), count);
            using Checkpoint cut = Checkpoint.Open(Folder($"cut{count}"));
            Near(Oracle.Of(cut).Logits(tokens)[^1], model.Logits(tokens, count, Stop).Last.ToArray(), 1e-5, $"P' = {count}");
        }
    }

    [Fact]
    public void More_tokens_than_a_head_takes_at_once_get_their_logits()
    {
        string folder = Write(TensorType.F32, 1, maxPositions: 200);
        int[] tokens = Tokens(150, Vocabulary, 4);
        using LanguageModel model = Load(folder), cpu = LanguageModel.Load(folder);
        Close([.. Logits(cpu, tokens, [150]).SelectMany(row => row)], [.. Logits(model, tokens, [150]).SelectMany(row => row)], 1e-5, "150 tokens");
    }

    private string Write(TensorType type, int streams, int maxPositions = 128)
    {
        string folder = Folder("model");
        CheckpointConfig config = RandomCheckpoint.Config(
            streams, hidden: 60, heads: 6, headSize: 14, keyValueHeads: 2, layers: 3, intermediate: 70, vocabulary: Vocabulary, tied: streams % 2 == 0, maxPositions: maxPositions);
        RandomCheckpoint.Write(folder, config, seed: 31 + streams, type);
        return folder;
    }
}
