using System.Numerics.Tensors;
using ParScale.Configuration;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;

namespace ParScale.Model;

/// <summary>x += attention(norm(x)); x += mlp(norm(x)), both results times one factor in some families.</summary>
internal static class PreNormLayer
{
    public static void Run(ModelConfig config, LayerWeights layer, int index, PassState state, WorkerPool pool)
    {
        int embedded = state.Tokens * config.HiddenSize;
        float epsilon = (float)config.RmsNormEpsilon;
        Span<float> hidden = state.Hidden.AsSpan(0, state.Rows * config.HiddenSize);
        Span<float> normed = state.Normed.AsSpan(0, state.Rows * config.HiddenSize);

        if (index == 0) RmsNorm.Run(hidden[..embedded], layer.InputNorm, epsilon, normed[..embedded], pool);
        else RmsNorm.AddAndRun(hidden, layer.InputNorm, epsilon, normed, pool);
        SelfAttention.Run(config, layer, index, state, pool);
        if (index == 0) StreamRows.Replicate(hidden, config.HiddenSize, state.Sequences, state.Helpers);
        Scale(config, normed);
        RmsNorm.AddAndRun(hidden, layer.FeedForwardNorm, epsilon, normed, pool);
        FeedForward.Run(config, layer, state, pool);
        Scale(config, normed);
    }

    private static void Scale(ModelConfig config, Span<float> result)
    {
        if (config.ResidualMultiplier != 1) TensorPrimitives.Multiply(result, (float)config.ResidualMultiplier, result);
    }
}
