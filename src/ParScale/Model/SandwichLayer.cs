using ParScale.Configuration;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;

namespace ParScale.Model;

/// <summary>x += norm(attention(norm(x))); x += norm(mlp(norm(x))), with four norms.</summary>
internal static class SandwichLayer
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
        RmsNorm.Run(normed, layer.AttentionOutputNorm, epsilon, normed, pool);
        if (index == 0) StreamRows.Replicate(hidden, config.HiddenSize, state.Sequences, state.Helpers);
        RmsNorm.AddAndRun(hidden, layer.FeedForwardNorm, epsilon, normed, pool);
        FeedForward.Run(config, layer, state, pool);
        RmsNorm.Run(normed, layer.FeedForwardOutputNorm, epsilon, normed, pool);
    }
}
