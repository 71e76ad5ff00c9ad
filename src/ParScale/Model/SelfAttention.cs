using ParScale.Configuration;
using ParScale.Kernels.Attention;
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
        int rows = index == 0 ? state.Tokens : state.Rows, angles = state.Tokens * config.HeadSize / 2;
        int queryWidth = config.AttentionHeads * config.HeadSize, keyWidth = config.KeyValueHeads * config.HeadSize;
        Span<float> x = state.Normed.AsSpan(0, rows * config.HiddenSize);
        Span<float> query = state.Query.AsSpan(0, rows * queryWidth), attended = state.Attended.AsSpan(0, state.Rows * queryWidth);
        Span<float> key = state.Key.AsSpan(0, rows * keyWidth), value = state.Value.AsSpan(0, rows * keyWidth);
        var shape = new AttentionShape(config.AttentionHeads, config.KeyValueHeads, config.HeadSize, 1 / MathF.Sqrt(config.HeadSize));
        ReadOnlySpan<AttentionSequence> sequences = state.AttentionOf(index);

        Linear.RunAll(
            [
                new(layer.Query, layer.QueryBias, state.Query),
                new(layer.Key, layer.KeyBias, state.Key),
                new(layer.Value, layer.ValueBias, state.Value),
            ],
            x, rows, pool, state.Rounded);
        KvAppend.Run(shape, query, key, value, state.Cosine.AsSpan(0, angles), state.Sine.AsSpan(0, angles), sequences, state.Scratch, pool);
        CausalAttention.Run(shape, query, sequences, attended, state.Scratch, pool);
        Linear.Run(layer.Output, attended, state.Rows, [], state.Normed.AsSpan(0, state.Rows * config.HiddenSize), pool, state.Rounded);
    }
}
