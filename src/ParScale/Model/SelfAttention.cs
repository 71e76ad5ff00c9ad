using ParScale.Kernels.Ops;
using ParScale.Kernels.Threads;

namespace ParScale.Model;

/// <summary>Grouped-query attention over prefix and tokens, per stream. state.Normed [P*S, H] in and out.</summary>
internal static class SelfAttention
{
    public static void Run(ModelConfig config, LayerWeights layer, int index, int tokens, ModelState state, KvCache cache, WorkerPool pool)
    {
        int rows = config.Streams * tokens;
        int queryWidth = config.AttentionHeads * config.HeadSize, keyWidth = config.KeyValueHeads * config.HeadSize;
        Span<float> x = state.Normed.AsSpan(0, rows * config.HiddenSize);
        Span<float> query = state.Query.AsSpan(0, rows * queryWidth), attended = state.Attended.AsSpan(0, rows * queryWidth);
        Span<float> key = state.Key.AsSpan(0, rows * keyWidth), value = state.Value.AsSpan(0, rows * keyWidth);

        MatMul.Run(layer.Query, x, rows, layer.QueryBias, query, pool);
        MatMul.Run(layer.Key, x, rows, layer.KeyBias, key, pool);
        MatMul.Run(layer.Value, x, rows, layer.ValueBias, value, pool);
        int half = config.HeadSize / 2;
        for (int row = 0; row < rows; row++)
        {
            int angles = row % tokens * half;
            ReadOnlySpan<float> cosine = state.Cosine.AsSpan(angles, half), sine = state.Sine.AsSpan(angles, half);
            Rope.Run(query.Slice(row * queryWidth, queryWidth), cosine, sine);
            Rope.Run(key.Slice(row * keyWidth, keyWidth), cosine, sine);
        }
        cache.Store(index, key, value, tokens);

        var shape = new AttentionShape(
            config.Streams, tokens, config.AttentionHeads, config.KeyValueHeads, config.HeadSize, cache.Capacity, cache.Filled);
        Attention.Run(shape, query, cache.Keys(index), cache.Values(index), attended, pool);
        MatMul.Run(layer.Output, attended, rows, [], x, pool);
    }
}
