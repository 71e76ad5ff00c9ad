using ParScale.Kernels.KeysValues;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.Ops;
using ParScale.Kernels.Threads;

namespace ParScale.Model;

/// <summary>
/// Grouped-query attention over prefix and tokens, per stream. state.Normed in: [P*T, H], or [T, H] in layer 0, where queries,
/// keys and values are the same in all streams; out: [P*T, H].
/// </summary>
internal static class SelfAttention
{
    public static void Run(ModelConfig config, LayerWeights layer, int index, ModelState state, PrefixCache prefix, WorkerPool pool)
    {
        int tokens = state.Tokens, rows = KvCache.StreamsIn(config, index) * tokens, allRows = config.Streams * tokens;
        int queryWidth = config.AttentionHeads * config.HeadSize, keyWidth = config.KeyValueHeads * config.HeadSize;
        Span<float> x = state.Normed.AsSpan(0, rows * config.HiddenSize);
        Span<float> query = state.Query.AsSpan(0, rows * queryWidth), attended = state.Attended.AsSpan(0, allRows * queryWidth);
        Span<float> key = state.Key.AsSpan(0, rows * keyWidth), value = state.Value.AsSpan(0, rows * keyWidth);
        int angles = tokens * config.HeadSize / 2;
        var shape = new AttentionShape(config.Streams, tokens, config.AttentionHeads, config.KeyValueHeads, config.HeadSize);
        ReadOnlySpan<AttentionSequence> sequences = state.SequencesOf(index);

        Linear.RunAll(
            [
                new(layer.Query, layer.QueryBias, state.Query),
                new(layer.Key, layer.KeyBias, state.Key),
                new(layer.Value, layer.ValueBias, state.Value),
            ],
            x, rows, pool, state.Rounded);
        KvAppend.Run(shape, query, key, value, state.Cosine.AsSpan(0, angles), state.Sine.AsSpan(0, angles), sequences, state.Scratch, pool);
        Attention.Run(shape, query, prefix.Layer(index), sequences, attended, state.Scratch, pool);
        Linear.Run(layer.Output, attended, allRows, [], state.Normed.AsSpan(0, allRows * config.HiddenSize), pool, state.Rounded);
    }
}
