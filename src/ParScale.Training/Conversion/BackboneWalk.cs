using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Training.Checkpointing;
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

    /// <param name="checkpoint">Any model; its streams are left out.</param>
    /// <param name="windows">Token ids [B, S].</param>
    /// <param name="offsets">The position at which each window is taken to start, [B]: queries are rotated by it.</param>
    /// <param name="look">Called once per layer.</param>
    public static void Run(Checkpoint checkpoint, Tensor windows, long[] offsets, Look look)
    {
        Trainable.Require(checkpoint.Config.Model);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        CheckpointConfig config = checkpoint.Config.WithStreams(1);
        using var positions = new Positions(config, windows.shape[1], ScalarType.Float32);
        Tensor hidden = Rows(checkpoint, windows);
        // Further on a query sees more tokens; as many times more as there are, as far as anyone can say.
        // The numbers are held: TorchSharp frees one that nothing refers to any more, even during the call that reads it.
        using Scalar one = 1, end = windows.shape[1] + 1;
        Tensor place = TensorOperations.Range(one, end, ScalarType.Float32);
        Tensor further = (tensor(offsets, ScalarType.Float32).view(-1, 1, 1) / place).Plus(one).log();
        for (int index = 0; index < config.Model.LayerCount; index++)
        {
            using var layerScope = NewDisposeScope();
            using DecoderLayer layer = Load(checkpoint, config, index);
            (Tensor queries, Tensor logMass, Tensor mixed) = layer.Look(hidden, positions);
            look(index, PerHead(Shift(queries, offsets, config)), PerHead(logMass.Plus(further)), PerHead(mixed));
            Tensor next = layer.forward(hidden, positions);
            // In place: the tensor outlives the layer's scope.
            hidden.copy_(next);
        }
    }

    /// <summary>The embedding of each token, [B, S, H], read row by row: a large vocabulary is never held whole.</summary>
    private static Tensor Rows(Checkpoint checkpoint, Tensor windows)
    {
        (SafetensorsFile file, TensorInfo info) = checkpoint.Get(ModelTensors.EmbeddingName);
        return TensorBytes.ReadRows(file, info, windows.data<long>().ToArray()).view(windows.shape[0], windows.shape[1], -1);
    }

    private static DecoderLayer Load(Checkpoint checkpoint, CheckpointConfig config, int index)
    {
        var layer = new DecoderLayer(config, ScalarType.Float32);
        foreach ((string name, var parameter) in layer.named_parameters())
        {
            (SafetensorsFile file, TensorInfo info) = checkpoint.Get($"model.layers.{index}.{name}");
            using Tensor value = TensorBytes.Read(file, info);
            parameter.copy_(value);
        }
        return layer;
    }

    private static Tensor PerHead(Tensor perRow) => perRow.transpose(0, 1).flatten(1, 2);

    /// <summary>Rotates the queries [B, heads, S, D] of window b by offsets[b] further positions.</summary>
    private static Tensor Shift(Tensor queries, long[] offsets, CheckpointConfig config) => stack(offsets.Select((offset, b) =>
    {
        using var table = new RotaryTable(1, config.Model.HeadSize, config.Model.RopeTheta, ScalarType.Float32, offset);
        return table.Apply(queries[b]);
    }));
}
