using ParScale.Training.Data.Order;
using ParScale.Training.Modules;
using ParScale.Training.Runs;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Runs;

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
        (double loss, Dictionary<string, Tensor> whole) = Gradient(model, new BatchGradient(options, model, data, RankSlice.All));
        (double partLoss, Dictionary<string, Tensor> sum) = Gradient(model, new BatchGradient(options with { Accumulate = parts }, model, data, RankSlice.All));
        Same(loss, whole, partLoss, sum);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_parts_of_all_processes_add_up_to_it_too(bool packed)
    {
        using ParScaleLm model = Model();
        var data = new Rows(packed);
        (double loss, Dictionary<string, Tensor> whole) = Gradient(model, new BatchGradient(Options, model, data, RankSlice.All));
        BatchGradient[] ranks = [.. Enumerable.Range(0, 3).Select(rank => new BatchGradient(Options with { Accumulate = 2 }, model, data, new RankSlice(rank, 3)))];
        (double sum, Dictionary<string, Tensor> gradients) = Gradient(model, ranks);
        Same(loss, whole, sum, gradients);
    }

    [Fact]
    public void A_batch_that_teaches_nothing_is_refused()
    {
        using ParScaleLm model = Model();
        var gradient = new BatchGradient(Options, model, new Rows(packed: true, learned: _ => false), RankSlice.All);
        Assert.Equal("TD-10", Assert.Throws<ParScaleException>(() => gradient.Add(0)).Code);
    }

    private static ParScaleLm Model() => new(Samples.Config(2), seed: 3);

    private static (double Loss, Dictionary<string, Tensor> Gradients) Gradient(ParScaleLm model, params BatchGradient[] parts)
    {
        model.zero_grad();
        double loss = parts.Sum(part => part.Add(5));
        return (loss, model.named_parameters().ToDictionary(p => p.name, p => p.parameter.grad!.clone()));
    }

    private static void Same(double loss, Dictionary<string, Tensor> expected, double partLoss, Dictionary<string, Tensor> gradients)
    {
        Assert.Equal(loss, partLoss, 1e-6 * loss);
        foreach ((string name, Tensor gradient) in expected)
        {
            double difference = (gradient - gradients[name]).norm().item<float>();
            Assert.True(difference <= 2e-6 * (1e-3 + gradient.norm().item<float>()), $"{name}: {difference}");
        }
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
                (batch.Inputs[i], batch.Targets[i]) = (random.Next(70), random.Next(70));
                batch.Offsets?[i] = i % Options.Context % 7;
                bool isLearned = learned?.Invoke(i) ?? i % (1 + i / Options.Context) == 0;
                if (isLearned) batch.Learned?.Add(i);
            }
            return batch;
        }
    }
}
