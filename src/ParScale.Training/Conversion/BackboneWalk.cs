using ParScale.Configuration;
using ParScale.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Conversion;

/// <summary>Runs windows of text through a plain model one layer at a time, so that only one layer's weights are in memory.</summary>
internal static class BackboneWalk
{
    /// <summary>
    /// What is seen in a layer: rotated queries [heads, N, D]; for each, the logarithm of what its tokens weigh, [heads, N]; and what
    /// it gets from them, [heads, N, D].
    /// </summary>
    public delegate void Look(int layer, Tensor queries, Tensor logMass, Tensor mixed);

    /// <summary>What tokens leave in a layer: keys, rotated, and values, [B, kv heads, S, D] each.</summary>
    public delegate void Take(int layer, Tensor keys, Tensor values);

    /// <param name="weights">The plain model.</param>
    /// <param name="windows">Token ids [B, S].</param>
    /// <param name="offsets">The position at which each window is taken to start, [B]: queries are rotated by it.</param>
    /// <param name="look">Called once per layer.</param>
    public static void Run(PlainWeights weights, Tensor windows, long[] offsets, Look look)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        // Further on a query sees more tokens; as many times more as there are, as far as anyone can say.
        // The numbers are held: TorchSharp frees one that nothing refers to any more, even during the call that reads it.
        using Scalar one = 1, end = windows.shape[1] + 1;
        Tensor place = TensorOperations.Range(one, end, ScalarType.Float32);
        Tensor further = (tensor(offsets, ScalarType.Float32).view(-1, 1, 1) / place).Plus(one).log();
        Walk(weights, windows, (index, layer, hidden, positions) =>
        {
            (Tensor queries, Tensor logMass, Tensor mixed) = layer.Look(hidden, positions);
            look(index, PerHead(Shift(queries, offsets, weights.Config)), PerHead(logMass.Plus(further)), PerHead(mixed));
        });
    }

    /// <summary>
    /// Keys and values of the tokens of <paramref name="windows"/>, [B, S], as queries from position 0 on see them when each window ends just
    /// before that: token s is rotated as position s - S.
    /// </summary>
    public static void Run(PlainWeights weights, Tensor windows, Take take)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        long[] before = [.. Enumerable.Repeat(-windows.shape[1], (int)windows.shape[0])];
        Walk(weights, windows, (index, layer, hidden, positions) =>
        {
            (Tensor keys, Tensor values) = layer.KeysAndValues(hidden, positions);
            take(index, Shift(keys, before, weights.Config), values);
        });
    }

    private static void Walk(PlainWeights weights, Tensor windows, Action<int, DecoderLayer, Tensor, Positions> visit)
    {
        Trainable.Require(weights.Config.Model);
        using var positions = new Positions(weights.Config, windows.shape[1], ScalarType.Float32);
        Tensor hidden = weights.Embed(windows);
        for (int index = 0; index < weights.Config.Model.LayerCount; index++)
        {
            using var layerScope = NewDisposeScope();
            using DecoderLayer layer = weights.Layer(index);
            visit(index, layer, hidden, positions);
            Tensor next = layer.forward(hidden, positions);
            // In place: the tensor outlives the layer's scope.
            hidden.copy_(next);
        }
    }

    private static Tensor PerHead(Tensor perRow) => perRow.transpose(0, 1).flatten(1, 2);

    /// <summary>Rotates [B, heads, S, D] of window b by offsets[b] further positions.</summary>
    private static Tensor Shift(Tensor heads, long[] offsets, CheckpointConfig config) => stack(offsets.Select((offset, b) =>
    {
        using var table = new RotaryTable(1, config.Model.HeadSize, config.Model.RopeTheta, ScalarType.Float32, offset);
        return table.Apply(heads[b]);
    }));
}
