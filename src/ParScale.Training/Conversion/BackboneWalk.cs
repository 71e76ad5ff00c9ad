using ParScale.Configuration;
using ParScale.Configuration.Rotations;
using ParScale.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Conversion;

/// <summary>Runs windows of text through a plain model one layer at a time, so that only one layer's weights are in memory.</summary>
internal static class BackboneWalk
{
    /// <summary>
    /// What is seen in a layer: queries as a prefix meets them, scaled, normed and rotated, [heads, N, D]; for each, the logarithm of what its
    /// tokens weigh, [heads, N]; and what it gets from them, [heads, N, D].
    /// </summary>
    public delegate void Look(int layer, Tensor queries, Tensor logMass, Tensor mixed);

    /// <summary>What tokens leave in a layer: keys, rotated, and values, [B, kv heads, S, D] each.</summary>
    public delegate void Take(int layer, Tensor keys, Tensor values);

    private delegate void Visit(AttentionConfig attention, int index, DecoderLayer layer, Tensor hidden, Positions positions);

    /// <param name="weights">The plain model.</param>
    /// <param name="windows">Token ids [B, S].</param>
    /// <param name="offsets">The position at which each window is taken to start, [B]: queries are rotated by it.</param>
    /// <param name="look">Called once per layer.</param>
    public static void Run(PlainWeights weights, Tensor windows, long[] offsets, Look look)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var rotations = new RotationsAt(weights.Config.Model, windows.shape[1], offsets);
        Walk(weights, windows, (attention, index, layer, hidden, positions) =>
        {
            (Tensor queries, Tensor logMass, Tensor mixed) = layer.Look(hidden, positions);
            Tensor further = Further(offsets, windows.shape[1], attention.Window);
            look(index, PerHead(rotations.Apply(attention.Rotation, queries)), PerHead(logMass.Plus(further)), PerHead(mixed));
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
        using var rotations = new RotationsAt(weights.Config.Model, windows.shape[1], before);
        Walk(weights, windows, (attention, index, layer, hidden, _) =>
        {
            (Tensor keys, Tensor values) = layer.KeysAndValues(hidden);
            take(index, rotations.Apply(attention.Rotation, keys), values.transpose(1, 2));
        });
    }

    private static void Walk(PlainWeights weights, Tensor windows, Visit visit)
    {
        using var positions = new Positions(weights.Config, windows.shape[1], ScalarType.Float32);
        Tensor hidden = weights.Embed(windows);
        for (int index = 0; index < weights.Config.Model.LayerCount; index++)
        {
            using var layerScope = NewDisposeScope();
            using DecoderLayer layer = weights.Layer(index);
            visit(weights.Config.Model.Layers[index].Attention, index, layer, hidden, positions);
            Tensor next = layer.forward(hidden, positions);
            // In place: the tensor outlives the layer's scope.
            hidden.copy_(next);
        }
    }

    /// <summary>
    /// By how much more the tokens before a query weigh where the windows start at <paramref name="offsets"/>, as a logarithm, [B, 1, S]: as
    /// many times more as there are, or as its layer's window lets it see, as far as anyone can say.
    /// </summary>
    private static Tensor Further(long[] offsets, long length, int? window)
    {
        // The numbers are held: TorchSharp frees one that nothing refers to any more, even during the call that reads it.
        using Scalar one = 1, end = length + 1;
        Tensor place = TensorOperations.Range(one, end, ScalarType.Float32), offset = tensor(offsets, ScalarType.Float32).view(-1, 1, 1);
        if (window is not { } size) return (offset / place).Plus(one).log();
        using Scalar most = size;
        return (offset.Plus(place).clamp_max(most) / place.clamp_max(most)).log();
    }

    private static Tensor PerHead(Tensor perRow) => perRow.transpose(0, 1).flatten(1, 2);

    /// <summary>How the rotations of a model turn windows of <paramref name="length"/> tokens that start at <paramref name="offsets"/>.</summary>
    private sealed class RotationsAt(ModelConfig model, long length, long[] offsets) : IDisposable
    {
        private readonly Dictionary<Rotation, RotaryTable[]> _tables = model.Rotations.ToDictionary(rotation => rotation,
            rotation => offsets.Select(offset => new RotaryTable(rotation, length, ScalarType.Float32, offset)).ToArray());

        /// <summary>[B, S, heads, D] to [B, heads, S, D], rotated unless the layer does not.</summary>
        public Tensor Apply(Rotation? rotation, Tensor heads) =>
            (rotation is null ? heads : stack(_tables[rotation].Select((table, window) => table.Apply(heads[window])))).transpose(1, 2);

        public void Dispose()
        {
            foreach (RotaryTable table in _tables.Values.SelectMany(tables => tables)) table.Dispose();
        }
    }
}
