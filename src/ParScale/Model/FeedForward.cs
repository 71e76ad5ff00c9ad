using ParScale.Configuration;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;

namespace ParScale.Model;

/// <summary>down(activation(gate(x)) * up(x)). state.Normed [R, H] in and out.</summary>
internal static class FeedForward
{
    public static void Run(ModelConfig config, LayerWeights layer, PassState state, WorkerPool pool)
    {
        FeedForwardWeights weights = layer.FeedForward;
        int rows = state.Rows, width = layer.Config.FeedForward.Width;
        Span<float> x = state.Normed.AsSpan(0, rows * config.HiddenSize);
        Span<float> gate = state.Gate.AsSpan(0, rows * width), up = state.Up.AsSpan(0, rows * width);
        Linear.RunAll([new(weights.Gate, weights.GateBias, state.Gate), new(weights.Up, weights.UpBias, state.Up)], x, rows, pool, state.Rounded);
        if (layer.Config.FeedForward.Activation == Activation.GeluTanh) GeGlu.Run(gate, up, gate, pool);
        else SwiGlu.Run(gate, up, gate, pool);
        Linear.Run(weights.Down, gate, rows, weights.DownBias, x, pool, state.Rounded);
    }
}
