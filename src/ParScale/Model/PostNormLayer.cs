using System.Numerics.Tensors;
using ParScale.Configuration;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;

namespace ParScale.Model;

/// <summary>x += norm(attention(x)); x += norm(mlp(x)): the blocks read the residual stream as it is.</summary>
internal static class PostNormLayer
{
    public static void Run(ModelConfig config, LayerWeights layer, int index, PassState state, WorkerPool pool)
    {
        int embedded = state.Tokens * config.HiddenSize;
        float epsilon = (float)config.RmsNormEpsilon;
        Span<float> hidden = state.Hidden.AsSpan(0, state.Rows * config.HiddenSize);
        Span<float> normed = state.Normed.AsSpan(0, state.Rows * config.HiddenSize);

        if (index == 0) hidden[..embedded].CopyTo(normed);
        else Add(hidden, normed);
        SelfAttention.Run(config, layer, index, state, pool);
        RmsNorm.Run(normed, layer.AttentionOutputNorm, epsilon, normed, pool);
        if (index == 0) StreamRows.Replicate(hidden, config.HiddenSize, state.Sequences, state.Helpers);
        Add(hidden, normed);
        FeedForward.Run(config, layer, state, pool);
        RmsNorm.Run(normed, layer.FeedForwardOutputNorm, epsilon, normed, pool);
    }

    // x = x + y; y = x.
    private static void Add(Span<float> hidden, Span<float> normed)
    {
        TensorPrimitives.Add(hidden, normed, hidden);
        hidden.CopyTo(normed);
    }
}
