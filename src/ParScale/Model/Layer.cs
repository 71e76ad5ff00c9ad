using System.Numerics.Tensors;
using ParScale.Kernels.Ops;
using ParScale.Kernels.Threads;

namespace ParScale.Model;

/// <summary>
/// One decoder layer on all streams: x += attention(norm(x)); x += mlp(norm(x)). Works on state.Hidden [P*T, H]. Layer 0 gets
/// the embeddings [T, H] and makes the streams, which differ from its attention on.
/// </summary>
internal static class Layer
{
    public static void Run(ModelConfig config, LayerWeights layer, int index, ModelState state, PrefixCache prefix, WorkerPool pool)
    {
        int rows = config.Streams * state.Tokens, before = KvCache.StreamsIn(config, index) * state.Tokens * config.HiddenSize;
        Span<float> hidden = state.Hidden.AsSpan(0, rows * config.HiddenSize);
        Span<float> normed = state.Normed.AsSpan(0, rows * config.HiddenSize);

        RmsNorm.Run(hidden[..before], layer.InputNorm, (float)config.RmsNormEpsilon, normed[..before]);
        SelfAttention.Run(config, layer, index, state, prefix, pool);
        if (before < hidden.Length) Streams.Replicate(hidden[..before], hidden[before..]);
        TensorPrimitives.Add(hidden, normed, hidden);

        RmsNorm.Run(hidden, layer.PostAttentionNorm, (float)config.RmsNormEpsilon, normed);
        FeedForward.Run(config, layer, rows, state, pool);
        TensorPrimitives.Add(hidden, normed, hidden);
    }
}
