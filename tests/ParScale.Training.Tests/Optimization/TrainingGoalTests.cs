using System.Globalization;
using ParScale.Configuration;
using ParScale.Training.Configuration;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using ParScale.Training.Tests.Runs;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Optimization;

/// <summary>
/// The gradient of every number of every parameter, from the goal that is trained, against central differences of one that shares no
/// line with it.
/// </summary>
public sealed class TrainingGoalTests(ITestOutputHelper output)
{
    private const double Tolerance = 1e-4;

    private static readonly (int[] Tokens, int[] Targets)[] Rows = [([1, 2, 3, 8, 5], [2, 3, 8, 5, 0]), ([4, 4, 7, 6, 9], [4, 7, 6, 9, 1])];

    [Fact]
    public void Elastic_losses_with_one_stream_as_the_plain_model()
    {
        TrainingOptions options = TrainerTests.OptionsOf(null) with { Streams = 4, Elastic = "1,2,4", ElasticWeights = "1,2,5", ElasticDivergence = 0.3 };
        Check(options, (config, weights) => new PlainGoal(config, weights)
        {
            HiddenFirst = true,
            Cuts = [(1, 0.125), (2, 0.25), (4, 0.625)],
            Divergence = 0.3,
        });
    }

    [Fact]
    public void Elastic_losses_without_one_stream_and_the_losses_of_streams_alone()
    {
        TrainingOptions options = TrainerTests.OptionsOf(null) with { Streams = 3, Elastic = "2,3", ElasticDivergence = 0, StreamLoss = 0.4 };
        Check(options, (config, weights) => new PlainGoal(config, weights) { Cuts = [(2, 0.5), (3, 0.5)], StreamLoss = 0.4 });
    }

    [Fact]
    public void The_mixture_of_the_streams_that_are_present()
    {
        TrainingOptions options = TrainerTests.OptionsOf(null) with { Streams = 3, StreamDrop = 0.5, StreamLoss = 0.2 };
        Check(options, (config, weights) => new PlainGoal(config, weights) { Present = [[0, 2], [1]], StreamLoss = 0.2 }, [1, 0, 0, 1, 1, 0]);
    }

    [Fact]
    public void With_all_streams_present_the_mixture_is_the_usual_one()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using ParScaleLm model = Float64.Model(RandomCheckpoint.Config(3), seed: 5);
        Tensor states = randn([3, 2, 4, 24], ScalarType.Float64);
        Float64.AssertSame(model.Mix(states), model.MixPresent(states, ones([3, 2, 4], ScalarType.Float64)));
        Float64.AssertSame(model.Mix(states), model.MixFirst(states, 3));
        Float64.AssertSame(states[0], model.MixFirst(states, 1));
    }

    private void Check(TrainingOptions options, Func<CheckpointConfig, Dictionary<string, double[]>, PlainGoal> make, float[]? present = null)
    {
        using var scope = NewDisposeScope();
        using ParScaleLm model = Model(options.Streams);
        if (options.HidesFirstPrefix) model.HideFirstPrefix();
        Tensor inputs = tensor(Rows.SelectMany(row => row.Tokens.Select(token => (long)token)).ToArray()).view(2, -1);
        Tensor targets = tensor(Rows.SelectMany(row => row.Targets.Select(token => (long)token)).ToArray());
        Tensor? there = present is null ? null : tensor(present).to(ScalarType.Float64).view(options.Streams, 2, 1).expand(-1, -1, inputs.shape[1]);
        (Tensor goal, Tensor loss) = new TrainingGoal(options, model).Of(model.States(inputs), targets, there);
        goal.backward();
        Assert.True(loss.item<double>() < goal.item<double>() || options.Elastic is not null);

        Dictionary<string, double[]> weights = model.named_parameters().ToDictionary(p => p.name, p => Float64.Numbers(p.parameter));
        PlainGoal plain = make(model.Config, weights);
        Assert.Equal(plain.Of(Rows), goal.item<double>(), 1e-11);
        foreach ((string name, var parameter) in model.named_parameters())
        {
            double[] slope = Differences.Slope(weights[name], () => plain.Of(Rows)), gradient = Float64.Numbers(parameter.grad!);
            double difference = gradient.Zip(slope, (g, s) => Math.Abs(g - s)).Max(), scale = slope.Max(Math.Abs);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {difference / scale:E1} of {scale:E1}"));
            Assert.True(difference <= Tolerance * scale, $"{name}: {difference} of {scale}");
        }
    }

    private static ParScaleLm Model(int streams)
    {
        CheckpointConfig config = RandomCheckpoint.Config(
            streams, heads: 2, keyValueHeads: 1, hidden: 4, intermediate: 5, headSize: 4, vocabulary: 11, prefix: 2);
        ParScaleLm model = Float64.Model(config);
        using var noGradient = no_grad();
        using var generator = new Generator(3);
        // Large, uneven values: at the first ones most gradients are too small to tell anything.
        foreach (var parameter in model.parameters()) parameter.normal_(0.1, 0.5, generator);
        return model;
    }
}
