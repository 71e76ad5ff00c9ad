using ParScale.Configuration;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;

namespace ParScale.Model;

/// <summary>down(silu(gate(x)) * up(x)). state.Normed [R, H] in and out.</summary>
internal static class FeedForward
{
    public static void Run(ModelConfig config, LayerWeights layer, PassState state, WorkerPool pool)
    {
        int rows = state.Rows;
        Span<float> x = state.Normed.AsSpan(0, rows * config.HiddenSize);
        Span<float> gate = state.Gate.AsSpan(0, rows * config.IntermediateSize);
        Span<float> up = state.Up.AsSpan(0, rows * config.IntermediateSize);
        Linear.RunAll([new(layer.Gate, [], state.Gate), new(layer.Up, [], state.Up)], x, rows, pool, state.Rounded);
        SwiGlu.Run(gate, up, gate, pool);
        Linear.Run(layer.Down, gate, rows, [], x, pool, state.Rounded);
    }
}
