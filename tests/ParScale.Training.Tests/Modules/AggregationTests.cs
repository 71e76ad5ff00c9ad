using ParScale.Configuration;
using TorchSharp;
using Aggregation = ParScale.Training.Modules.Aggregation;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Modules;

public sealed class AggregationTests
{
    [Theory]
    [InlineData(2, 0.1)]
    [InlineData(3, 0.0)]
    [InlineData(4, 1.0)]
    public void Equals_the_formula_written_as_loops(int streams, double smoothing)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        CheckpointConfig config = RandomCheckpoint.Config(streams, smoothing: smoothing);
        using var module = new Aggregation(config);
        module.to(ScalarType.Float64);
        Dictionary<string, Tensor> state = module.state_dict();
        Tensor x = randn([streams, 2, 3, config.Model.HiddenSize], ScalarType.Float64);
        Tensor actual = module.forward(x);
        for (int b = 0; b < 2; b++)
        {
            for (int s = 0; s < 3; s++)
            {
                Tensor expected = Formula([.. Enumerable.Range(0, streams).Select(p => x[p, b, s])], state, smoothing);
                Float64.AssertSame(expected, actual[b, s]);
            }
        }
    }

    private static Tensor Formula(Tensor[] streams, Dictionary<string, Tensor> state, double smoothing)
    {
        // u[h * P + p] = x_p[h], one number at a time.
        Tensor u = stack([.. from h in Enumerable.Range(0, (int)streams[0].shape[0]) from x in streams select x[h]]);
        Tensor hidden = state["0.weight"].matmul(u) + state["0.bias"];
        hidden = hidden * hidden.sigmoid();
        Tensor weights = (state["2.weight"].matmul(hidden) + state["2.bias"]).exp();
        weights = weights / weights.sum() * (1 - smoothing) + smoothing / streams.Length;
        return streams.Select((x, p) => x * weights[p]).Aggregate((a, b) => a + b);
    }
}
