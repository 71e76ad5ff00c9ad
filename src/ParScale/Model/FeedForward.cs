using ParScale.Kernels.Ops;
using ParScale.Kernels.Threads;

namespace ParScale.Model;

/// <summary>down(silu(gate(x)) * up(x)). state.Normed [R, H] in and out.</summary>
internal static class FeedForward
{
    public static void Run(ModelConfig config, LayerWeights layer, int rows, ModelState state, WorkerPool pool)
    {
        Span<float> x = state.Normed.AsSpan(0, rows * config.HiddenSize);
        Span<float> gate = state.Gate.AsSpan(0, rows * config.IntermediateSize);
        Span<float> up = state.Up.AsSpan(0, rows * config.IntermediateSize);
        MatMul.Run(layer.Gate, x, rows, [], gate, pool);
        MatMul.Run(layer.Up, x, rows, [], up, pool);
        SwiGlu.Run(gate, up, gate);
        MatMul.Run(layer.Down, gate, rows, [], x, pool);
    }
}
