using ParScale.Configuration;
using ParScale.Configuration.Rotations;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Model;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>The weights of a plain decoder on the device.</summary>
internal sealed class DeviceWeights : IDisposable
{
    private readonly DeviceBuffers _buffers;

    public DeviceWeights(VulkanDevice device, Backbone backbone, KvDtype kvDtype)
    {
        _buffers = new DeviceBuffers(device);
        Embedding = _buffers.Matrix(backbone.Embedding);
        Head = backbone.Head == backbone.Embedding ? Embedding : _buffers.Matrix(backbone.Head);
        FinalNorm = _buffers.Upload<float>(backbone.FinalNorm);
        EmbeddingScale = backbone.EmbeddingScale;
        Rotation[] rotations = [.. backbone.Config.Rotations];
        Layers = [.. backbone.Layers.Select(layer => Layer(device, backbone.Config, layer, rotations, kvDtype))];
    }

    /// <summary>[V, H]</summary>
    public DeviceMatrix Embedding { get; }

    /// <summary>[V, H]; the embedding itself when the checkpoint ties them.</summary>
    public DeviceMatrix Head { get; }

    /// <summary>[H]</summary>
    public DeviceBuffer FinalNorm { get; }

    /// <summary>What embeddings are multiplied with.</summary>
    public float EmbeddingScale { get; }

    /// <summary>The layers, the first one first.</summary>
    public DeviceLayer[] Layers { get; }

    /// <summary>Bytes that a backbone takes on a device.</summary>
    public static long BytesFor(Backbone backbone) => Matrices(backbone).Sum(joined => DeviceMatrix.BytesFor(joined))
        + backbone.Layers.SelectMany(layer => layer.Vectors).Sum(vector => (long)vector.Length * sizeof(float));

    /// <summary>Bytes of the largest of its matrices, as they are joined on a device.</summary>
    public static long LargestBuffer(Backbone backbone) => Matrices(backbone).Max(joined => DeviceMatrix.LargestBuffer(joined));

    /// <inheritdoc/>
    public void Dispose() => _buffers.Dispose();

    private static IEnumerable<WeightMatrix[]> Matrices(Backbone backbone)
    {
        yield return [backbone.Embedding];
        if (backbone.Head != backbone.Embedding) yield return [backbone.Head];
        foreach (LayerWeights layer in backbone.Layers)
        {
            yield return [layer.Attention.Query, layer.Attention.Key, layer.Attention.Value];
            yield return [layer.Attention.Output];
            foreach (WeightMatrix[] joined in layer.FeedForward is { } block ? Matrices(block) : Matrices(layer.Experts!)) yield return joined;
        }
    }

    private static WeightMatrix[][] Matrices(FeedForwardWeights block) => [[block.Gate, block.Up], [block.Down]];

    private static WeightMatrix[][] Matrices(ExpertWeights block) =>
        [GateAndUp(block.Experts), Down(block.Experts), [block.Router], .. block.Shared is { } shared ? [.. Matrices(shared), [block.SharedGate!]] : (WeightMatrix[][])[]];

    private static WeightMatrix[] GateAndUp(FeedForwardWeights[] experts) => [.. experts.SelectMany(expert => (WeightMatrix[])[expert.Gate, expert.Up])];

    private static WeightMatrix[] Down(FeedForwardWeights[] experts) => [.. experts.Select(expert => expert.Down)];

    private DeviceLayer Layer(VulkanDevice device, ModelConfig model, LayerWeights layer, Rotation[] rotations, KvDtype kvDtype)
    {
        AttentionConfig config = layer.Config.Attention;
        var shape = new AttentionShape(model.AttentionHeads, model.KeyValueHeads, model.HeadSize, (float)config.Scale,
            (float)(config.SoftCap ?? 0), config.Window ?? AttentionShape.AllTokens);
        AttentionWeights attention = layer.Attention;
        int keys = DeviceMatrix.Padded(attention.Query.Rows);
        return new DeviceLayer
        {
            Attention = new Attention(device, shape, kvDtype),
            Rules = new HeadRules
            {
                Norm = config.QueryKeyNorm,
                NormWeights = _buffers.Vector([.. attention.QueryNorm, .. attention.KeyNorm]),
                Epsilon = (float)model.RmsNormEpsilon,
                Clip = (float)(config.Clip ?? 0),
            },
            Turn = config.Rotation is null ? null : Array.IndexOf(rotations, config.Rotation),
            InputNorm = _buffers.Vector(layer.InputNorm),
            Heads = new DeviceLinear(
                _buffers.Matrix(attention.Query, attention.Key, attention.Value), _buffers.Biases(attention.QueryBias, attention.KeyBias, attention.ValueBias)),
            Keys = keys,
            Values = keys + DeviceMatrix.Padded(attention.Key.Rows),
            Output = new DeviceLinear(_buffers.Matrix(attention.Output), _buffers.Vector(attention.OutputBias)),
            AttentionOutputNorm = _buffers.Vector(layer.AttentionOutputNorm),
            FeedForwardNorm = _buffers.Vector(layer.FeedForwardNorm),
            FeedForward = layer.FeedForward is { } dense ? Dense(dense, layer.Config.FeedForward.Activation) : null,
            Experts = layer.Experts is { } experts ? Experts(experts, layer.Config.FeedForward) : null,
            FeedForwardOutputNorm = _buffers.Vector(layer.FeedForwardOutputNorm),
            Factor = layer.Config.Norms == NormPlacement.Before ? (float)model.ResidualMultiplier : 1,
        };
    }

    private DeviceFeedForward Dense(FeedForwardWeights weights, Activation activation) => new(
        new DeviceLinear(_buffers.Matrix(weights.Gate, weights.Up), _buffers.Biases(weights.GateBias, weights.UpBias)),
        new DeviceLinear(_buffers.Matrix(weights.Down), _buffers.Vector(weights.DownBias)), weights.Gate.Rows, activation);

    private DeviceExperts Experts(ExpertWeights weights, FeedForwardConfig config) => new()
    {
        Config = config.Experts!,
        Activation = config.Activation,
        Width = config.Width,
        Router = _buffers.Matrix(weights.Router),
        GateAndUp = _buffers.Matrix(GateAndUp(weights.Experts)),
        Down = _buffers.Matrix(Down(weights.Experts)),
        Shared = weights.Shared is { } shared ? Dense(shared, config.Activation) : null,
        SharedGate = weights.SharedGate is { } gate ? _buffers.Matrix(gate) : null,
    };
}
