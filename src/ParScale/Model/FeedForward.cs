using ParScale.Configuration;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;

namespace ParScale.Model;

/// <summary>down(activation(gate(x)) * up(x)), or experts that are such blocks. state.Normed [R, H] in and out.</summary>
internal static class FeedForward
{
    public static void Run(ModelConfig config, LayerWeights layer, PassState state, WorkerPool pool)
    {
        Span<float> x = state.Normed.AsSpan(0, state.Rows * config.HiddenSize);
        if (layer.Experts is { } experts) ExpertFeedForward.Run(layer.Config.FeedForward, experts, x, state, pool);
        else Run(layer.FeedForward!, layer.Config.FeedForward.Activation, x, state.Rows, x, state, pool);
    }

    /// <summary>One block. x: [rows, H]; y: [rows, H], may be x.</summary>
    public static void Run(
        FeedForwardWeights weights, Activation activation, ReadOnlySpan<float> x, int rows, Span<float> y, PassState state, WorkerPool pool)
    {
        int width = weights.Gate.Rows;
        Span<float> gate = state.Gate.AsSpan(0, rows * width), up = state.Up.AsSpan(0, rows * width);
        Linear.RunAll([new(weights.Gate, weights.GateBias, state.Gate), new(weights.Up, weights.UpBias, state.Up)], x, rows, pool, state.Rounded);
        if (activation == Activation.GeluTanh) GeGlu.Run(gate, up, gate, pool);
        else SwiGlu.Run(gate, up, gate, pool);
        Linear.Run(weights.Down, gate, rows, weights.DownBias, y, pool, state.Rounded);
    }
}
