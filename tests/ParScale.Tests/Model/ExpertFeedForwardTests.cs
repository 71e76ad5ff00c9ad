using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;

namespace ParScale.Tests.Model;

/// <summary>Blocks of experts by themselves: what a row gets, whatever else is in the pass, and what is read for it.</summary>
public class ExpertFeedForwardTests
{
    private const int Rows = 29;

    public static TheoryData<WeightDtype, int> Cases
    {
        get
        {
            var data = new TheoryData<WeightDtype, int>();
            foreach (WeightDtype type in Enum.GetValues<WeightDtype>())
                foreach (int threads in new[] { 1, 2 }) data.Add(type, threads);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rows_grouped_by_expert_get_the_bits_of_a_row_alone(WeightDtype type, int threads)
    {
        ModelConfig config = Config(experts: 7, chosen: 3, shared: 40);
        using var weights = new RandomWeights(type);
        using Backbone backbone = weights.Backbone(config);
        using var pool = new WorkerPool(threads);
        using var state = new PassState(config);
        float[] x = Input(config.HiddenSize), together = Run(backbone, state, pool, x, Rows);
        for (int row = 0; row < Rows; row++)
        {
            int start = row * config.HiddenSize;
            Assert.Equal(together[start..(start + config.HiddenSize)], Run(backbone, state, pool, x[start..(start + config.HiddenSize)], 1));
        }
    }

    [Fact]
    public void A_pass_reads_each_chosen_expert_once()
    {
        ModelConfig config = Config(experts: 7, chosen: 3, shared: 0);
        using var weights = new RandomWeights(WeightDtype.F32);
        using Backbone backbone = weights.Backbone(config);
        using var pool = new WorkerPool(1);
        using var state = new PassState(config);
        float[] x = Input(config.HiddenSize);
        Run(backbone, state, pool, x[..config.HiddenSize], 1);
        ExpertRoutes routes = state.Routes!;
        Assert.Equal((3, 1, 3L * 3 * config.HiddenSize * 24 * sizeof(float)), (routes.Read, routes.Layers, routes.ReadBytes));
        Run(backbone, state, pool, x, Rows);
        int used = Enumerable.Range(0, 7).Count(expert => routes.RowsOf(expert).Length > 0);
        Assert.Equal((3 + used, 2), (routes.Read, routes.Layers));
        Assert.Equal(3 * Rows, Enumerable.Range(0, 7).Sum(expert => routes.RowsOf(expert).Length));
    }

    [Fact]
    public void Of_equal_experts_the_first_ones_are_chosen_and_weights_are_divided_where_asked()
    {
        ModelConfig config = Config(experts: 5, chosen: 2, shared: 0);
        ExpertRoutes routes = ExpertRoutes.For(config)!;
        float[] logits = [1, 2, 2, 0, 2, 0, 0, 0, 0, 0, -1, 5, float.NaN, 0, 0];
        logits.CopyTo(routes.Logits(3, 5));
        routes.Choose(3, config.Layers[0].FeedForward.Experts!);
        int[][] chosen = [.. Enumerable.Range(0, 5).Select(expert => routes.RowsOf(expert).ToArray())];
        Assert.Equal([1, 2], chosen[0]);
        Assert.Equal([0, 1, 2], chosen[1]);
        Assert.Equal([0], chosen[2]);
        Assert.Equal((0, 0), (chosen[3].Length, chosen[4].Length));
        Assert.Equal(0.2f, routes.WeightsOf(0)[0], 1e-6f);
        logits.CopyTo(routes.Logits(3, 5));
        routes.Choose(3, config.Layers[0].FeedForward.Experts! with { Normalized = true });
        Assert.Equal((0.5f, 0.5f), (routes.WeightsOf(0)[0], routes.WeightsOf(2)[0]));
        Assert.True(float.IsNaN(routes.WeightsOf(0)[1]));
    }

    private static float[] Run(Backbone backbone, PassState state, WorkerPool pool, float[] x, int rows)
    {
        using var cache = new KvCache(backbone.Config, 1, KvDtype.F32, rows);
        state.Begin(rows, [new PassSequence(cache, StreamSet.Plain, rows, 0)]);
        float[] y = [.. x];
        ExpertFeedForward.Run(backbone.Config.Layers[0].FeedForward, backbone.Layers[0].Experts!, y, state, pool);
        return y;
    }

    private static float[] Input(int hidden)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, Rows * hidden).Select(_ => (float)(random.NextDouble() - 0.5) * 8)];
    }

    private static ModelConfig Config(int experts, int chosen, int shared)
    {
        ModelConfig config = RandomCheckpoint.Config(streams: 1, hidden: 136, heads: 4, layers: 1).Model;
        var block = new FeedForwardConfig { Width = 24, Experts = new ExpertsConfig { Count = experts, Chosen = chosen, SharedWidth = shared } };
        return config with { Layers = [.. config.Layers.Select(layer => layer with { FeedForward = block })] };
    }
}
