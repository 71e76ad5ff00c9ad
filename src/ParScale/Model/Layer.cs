using System.Numerics.Tensors;
using ParScale.Kernels.Ops;
using ParScale.Kernels.Threads;

namespace ParScale.Model;

/// <summary>One decoder layer on all streams: x += attention(norm(x)); x += mlp(norm(x)). Works on state.Hidden [P*S, H].</summary>
internal static class Layer
{
    public static void Run(ModelConfig config, LayerWeights layer, int index, int tokens, ModelState state, KvCache cache, WorkerPool pool)
    {
        int rows = config.Streams * tokens;
        Span<float> hidden = state.Hidden.AsSpan(0, rows * config.HiddenSize);
        Span<float> normed = state.Normed.AsSpan(0, rows * config.HiddenSize);

        RmsNorm.Run(hidden, layer.InputNorm, (float)config.RmsNormEpsilon, normed);
        SelfAttention.Run(config, layer, index, tokens, state, cache, pool);
        TensorPrimitives.Add(hidden, normed, hidden);

        RmsNorm.Run(hidden, layer.PostAttentionNorm, (float)config.RmsNormEpsilon, normed);
        FeedForward.Run(config, layer, rows, state, pool);
        TensorPrimitives.Add(hidden, normed, hidden);
    }
}
