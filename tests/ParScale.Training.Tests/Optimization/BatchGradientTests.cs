using ParScale.Training.Configuration;
using ParScale.Training.Data.Order;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using ParScale.Training.Tests.Runs;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Optimization;

public sealed class BatchGradientTests
{
    private static readonly TrainingOptions Options = TrainerTests.OptionsOf(null) with { Batch = 7, Context = 12 };

    [Theory]
    [InlineData(false, 2)]
    [InlineData(false, 7)]
    [InlineData(true, 3)]
    [InlineData(true, 7)]
    public void Parts_give_the_gradient_of_the_one_big_batch(bool packed, int parts)
    {
        using ParScaleLm model = Model();
        var data = new Rows(packed);
        TrainingOptions options = Options with { Decorrelate = 0.3 };
        using var one = new BatchGradient(options, model, data, RankSlice.All);
        using var many = new BatchGradient(options with { Accumulate = parts }, model, data, RankSlice.All);
        (double loss, Dictionary<string, Tensor> whole) = Gradient(model, one);
        (double partLoss, Dictionary<string, Tensor> sum) = Gradient(model, many);
        Same(loss, whole, partLoss, sum);
    }

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 4)]
    public void Parts_leave_out_the_same_streams(bool packed, int parts)
    {
        using ParScaleLm model = Model();
        var data = new Rows(packed);
        TrainingOptions options = Options with { StreamDrop = 0.5, StreamLoss = 0.2 };
        using var one = new BatchGradient(options, model, data, RankSlice.All);
        using var many = new BatchGradient(options with { Accumulate = parts }, model, data, RankSlice.All);
        using var undropped = new BatchGradient(options with { StreamDrop = 0 }, model, data, RankSlice.All);
        (double loss, Dictionary<string, Tensor> whole) = Gradient(model, one);
        (double partLoss, Dictionary<string, Tensor> sum) = Gradient(model, many);
        Same(loss, whole, partLoss, sum);
        Assert.NotEqual(loss, Gradient(model, undropped).Loss, 1e-9);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_parts_of_all_processes_add_up_to_it_too(bool packed)
    {
        using ParScaleLm model = Model();
        var data = new Rows(packed);
        using var one = new BatchGradient(Options, model, data, RankSlice.All);
        (double loss, Dictionary<string, Tensor> whole) = Gradient(model, one);
        BatchGradient[] ranks = [.. Enumerable.Range(0, 3).Select(rank => new BatchGradient(Options with { Accumulate = 2 }, model, data, new RankSlice(rank, 3)))];
        (double sum, Dictionary<string, Tensor> gradients) = Gradient(model, ranks);
        Same(loss, whole, sum, gradients);
    }

    [Theory]
    [InlineData(2, false, 0, 0, "f32")]
    [InlineData(2, true, 0, 0.2, "f32")]
    [InlineData(1, true, 0, 0.2, "f32")]
    [InlineData(3, false, 6, 0.2, "bf16")]
    public void Activation_checkpointing_gives_the_same_bits(int streams, bool packed, int prefixMlp, double dropout, string compute)
    {
        ScalarType type = compute == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32;
        using var model = new ParScaleLm(RandomCheckpoint.Config(streams), seed: 3, type, dropout, prefixMlp);
        model.train();
        // A gradient that is there already takes a tied embedding's two parts one after the other.
        foreach ((_, TorchSharp.Modules.Parameter parameter) in model.named_parameters()) parameter.grad = zeros_like(parameter);
        var data = new Rows(packed);
        using var plain = new BatchGradient(Options, model, data, RankSlice.All);
        using var twice = new BatchGradient(Options with { ActivationCheckpointing = true }, model, data, RankSlice.All);
        (double loss, Dictionary<string, Tensor> expected) = Gradient(model, plain);
        double drawn = rand(1).item<float>();
        (double again, Dictionary<string, Tensor> actual) = Gradient(model, twice);
        Assert.Equal((loss, drawn), (again, rand(1).item<float>()));
        foreach ((string name, Tensor gradient) in expected) Assert.True(gradient.bytes.SequenceEqual(actual[name].bytes), name);
    }

    [Fact]
    public void Activation_checkpointing_of_frozen_layers_leaves_nothing_behind()
    {
        using ParScaleLm model = Model();
        model.FreezeBackbone();
        using var plain = new BatchGradient(Options, model, new Rows(packed: true), RankSlice.All);
        using var twice = new BatchGradient(Options with { ActivationCheckpointing = true, Accumulate = 3 }, model, new Rows(packed: true), RankSlice.All);
        (double loss, Dictionary<string, Tensor> expected) = Gradient(model, plain);
        (double again, Dictionary<string, Tensor> actual) = Gradient(model, twice);
        Same(loss, expected, again, actual);
        // The collector frees what other tests forgot; in the middle of this one it would hide what is left behind, or take it off twice.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;
        for (int i = 0; i < 3; i++) twice.Add(i);
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void A_batch_that_teaches_nothing_is_refused()
    {
        using ParScaleLm model = Model();
        using var gradient = new BatchGradient(Options, model, new Rows(packed: true, learned: _ => false), RankSlice.All);
        Assert.Equal("TD-10", Assert.Throws<ParScaleException>(() => gradient.Add(0)).Code);
    }

    private static ParScaleLm Model() => Float64.Model(RandomCheckpoint.Config(2), seed: 3);

    private static (double Loss, Dictionary<string, Tensor> Gradients) Gradient(ParScaleLm model, params BatchGradient[] parts)
    {
        model.zero_grad();
        double loss = parts.Sum(part => part.Add(5));
        return (loss, model.named_parameters().Where(p => p.parameter.requires_grad).ToDictionary(p => p.name, p => p.parameter.grad!.clone()));
    }

    private static void Same(double loss, Dictionary<string, Tensor> expected, double partLoss, Dictionary<string, Tensor> gradients)
    {
        Assert.Equal(loss, partLoss, 1e-12 * loss);
        foreach ((string name, Tensor gradient) in expected)
            Float64.AssertSame(gradient, gradients[name], name);
    }

    /// <summary>Made-up rows; packed ones hold two documents each and learn a different number of tokens.</summary>
    private sealed class Rows(bool packed, Func<int, bool>? learned = null) : IRowOrder
    {
        Batch IRowOrder.Rows(long first, int count)
        {
            var batch = new Batch(count, Options.Context, packed);
            for (int i = 0; i < batch.Inputs.Length; i++)
            {
                var random = new Random((int)(first * Options.Context + i));
                (batch.Inputs[i], batch.Targets[i]) = (random.Next(50), random.Next(50));
                batch.Offsets?[i] = i % Options.Context % 7;
                bool isLearned = learned?.Invoke(i) ?? i % (1 + i / Options.Context) == 0;
                if (isLearned) batch.Learned?.Add(i);
            }
            return batch;
        }
    }
}
