using System.Numerics.Tensors;
using ParScale.Configuration;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;

namespace ParScale.Model;

/// <summary>
/// Grouped-query attention over prefix and tokens, per stream. state.Normed in: [R, H], or [T, H] in layer 0, where queries, keys
/// and values are the same in all streams; out: [R, H].
/// </summary>
internal static class SelfAttention
{
    public static void Run(ModelConfig config, LayerWeights layer, int index, PassState state, WorkerPool pool)
    {
        AttentionWeights weights = layer.Attention;
        AttentionConfig attention = layer.Config.Attention;
        int rows = index == 0 ? state.Tokens : state.Rows;
        int queryWidth = config.AttentionHeads * config.HeadSize, keyWidth = config.KeyValueHeads * config.HeadSize;
        Span<float> x = state.Normed.AsSpan(0, rows * config.HiddenSize);
        Span<float> query = state.Query.AsSpan(0, rows * queryWidth), attended = state.Attended.AsSpan(0, state.Rows * queryWidth);
        Span<float> key = state.Key.AsSpan(0, rows * keyWidth), value = state.Value.AsSpan(0, rows * keyWidth);
        var shape = new AttentionShape(config.AttentionHeads, config.KeyValueHeads, config.HeadSize, (float)attention.Scale,
            (float)(attention.SoftCap ?? 0), attention.Window ?? AttentionShape.AllTokens);
        ReadOnlySpan<AttentionSequence> sequences = state.AttentionOf(index);

        Linear.RunAll(
            [
                new(weights.Query, weights.QueryBias, state.Query),
                new(weights.Key, weights.KeyBias, state.Key),
                new(weights.Value, weights.ValueBias, state.Value),
            ],
            x, rows, pool, state.Rounded);
        if (weights.QueryNorm.Length > 0)
        {
            // Weights as long as a head or as the projection: rows of that length.
            RmsNorm.Run(query, weights.QueryNorm, (float)config.RmsNormEpsilon, query, pool);
            RmsNorm.Run(key, weights.KeyNorm, (float)config.RmsNormEpsilon, key, pool);
        }
        if (attention.Clip is { } clip) Clip((float)clip, query, key, value);
        KvAppend.Run(shape, query, key, value, state.Cosine(index), state.Sine(index), sequences, state.Scratch, pool);
        CausalAttention.Run(shape, query, sequences, attended, state.Scratch, pool);
        Linear.Run(weights.Output, attended, state.Rows, weights.OutputBias, state.Normed.AsSpan(0, state.Rows * config.HiddenSize), pool, state.Rounded);
    }

    private static void Clip(float most, Span<float> query, Span<float> key, Span<float> value)
    {
        TensorPrimitives.Clamp(query, -most, most, query);
        TensorPrimitives.Clamp(key, -most, most, key);
        TensorPrimitives.Clamp(value, -most, most, value);
    }
}
