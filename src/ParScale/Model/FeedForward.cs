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
        Linear.RunAll([new(weights.Gate, weights.GateBias, state.Gate), new(weights.Up, weights.UpBias, state.Up)], x, rows, pool, state.Rounded);
        Finish(weights, activation, rows, y, state, pool);
    }

    /// <summary>The same with x in state.Rounded already; of block-quantized weights. y: [rows, H]</summary>
    public static void RunRounded(FeedForwardWeights weights, Activation activation, Span<float> y, PassState state, WorkerPool pool)
    {
        int rows = state.Rounded.Rows;
        Linear.RunAll([new(weights.Gate, weights.GateBias, state.Gate), new(weights.Up, weights.UpBias, state.Up)], state.Rounded, pool);
        Finish(weights, activation, rows, y, state, pool);
    }

    private static void Finish(FeedForwardWeights weights, Activation activation, int rows, Span<float> y, PassState state, WorkerPool pool)
    {
        int width = weights.Gate.Rows;
        Span<float> gate = state.Gate.AsSpan(0, rows * width), up = state.Up.AsSpan(0, rows * width);
        if (activation == Activation.GeluTanh) GeGlu.Run(gate, up, gate, pool);
        else SwiGlu.Run(gate, up, gate, pool);
        Linear.Run(weights.Down, gate, rows, weights.DownBias, y, pool, state.Rounded);
    }
}
