using System.Numerics.Tensors;
using ParScale.Configuration;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;

namespace ParScale.Model;

/// <summary>
/// y = sum over the chosen experts of weight * expert(x), plus sigmoid(gate x) * shared(x) where there is a shared block. Rows are grouped
/// by expert: each expert's matrices are read once for all its rows of all streams and sequences; for block-quantized weights a row is
/// rounded once for all its experts. A row adds its experts in their order, so that its bits do not depend on the rows that it shares them with.
/// </summary>
internal static class ExpertFeedForward
{
    /// <summary>x: [R, H], replaced by y.</summary>
    public static void Run(FeedForwardConfig config, ExpertWeights weights, Span<float> x, PassState state, WorkerPool pool)
    {
        ExpertRoutes routes = state.Routes!;
        int rows = state.Rows, hidden = x.Length / rows;
        Linear.Run(weights.Router, x, rows, [], routes.Logits(rows, weights.Experts.Length), pool, state.Rounded);
        routes.Choose(rows, config.Experts!);
        Span<float> sum = routes.Sum.AsSpan(0, x.Length);
        if (weights.Shared is { } shared) AddShared(config, weights, shared, x, sum, state, pool);
        else sum.Clear();
        // All experts of a layer are of one type, and each of its rows would be rounded alike for each of them.
        WeightDtype type = weights.Experts[0].Gate.Type;
        bool rounds = WeightFormats.IsQuantized(type);
        if (rounds) state.RoundedForExperts.Fill(x, rows, type, pool);
        for (int expert = 0; expert < weights.Experts.Length; expert++)
        {
            ReadOnlySpan<int> own = routes.RowsOf(expert);
            if (own.IsEmpty) continue;
            Span<float> result = routes.Result.AsSpan(0, own.Length * hidden);
            if (rounds)
            {
                state.Rounded.Take(state.RoundedForExperts, own, pool);
                FeedForward.RunRounded(weights.Experts[expert], config.Activation, result, state, pool);
            }
            else
            {
                Span<float> gathered = routes.Gathered.AsSpan(0, own.Length * hidden);
                ChosenRows.Gather(x, hidden, own, gathered, pool);
                FeedForward.Run(weights.Experts[expert], config.Activation, gathered, own.Length, result, state, pool);
            }
            ChosenRows.AddScaled(result, hidden, own, routes.WeightsOf(expert), sum, pool);
            routes.Saw(weights.Experts[expert]);
        }
        sum.CopyTo(x);
    }

    private static void AddShared(
        FeedForwardConfig config, ExpertWeights weights, FeedForwardWeights shared, ReadOnlySpan<float> x, Span<float> sum, PassState state, WorkerPool pool)
    {
        int rows = state.Rows, hidden = x.Length / rows;
        FeedForward.Run(shared, config.Activation, x, rows, sum, state, pool);
        Span<float> gate = state.Routes!.SharedGate.AsSpan(0, rows);
        Linear.Run(weights.SharedGate!, x, rows, [], gate, pool, state.Rounded);
        for (int row = 0; row < rows; row++)
        {
            Span<float> own = sum.Slice(row * hidden, hidden);
            TensorPrimitives.Multiply(own, 1 / (1 + MathF.Exp(-gate[row])), own);
        }
    }
}
