using ParScale.Configuration;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;

namespace ParScale.Model;

/// <summary>
/// One decoder layer on all rows: x += attention(norm(x)); x += mlp(norm(x)), x being state.Hidden [R, H]. What a sub-layer adds is
/// left in state.Normed, and the norm that comes next adds it. Layer 0 gets the embeddings [T, H] and makes the streams, which
/// differ from its attention on.
/// </summary>
internal static class Layer
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
        if (index == 0) StreamRows.Replicate(hidden, config.HiddenSize, state.Sequences);
        RmsNorm.AddAndRun(hidden, layer.PostAttentionNorm, epsilon, normed, pool);
        FeedForward.Run(config, layer, state, pool);
    }
}
