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
    public static long BytesFor(Backbone backbone)
    {
        IEnumerable<WeightMatrix> matrices = backbone.Layers.SelectMany(layer =>
            new[] { layer.Attention.Query, layer.Attention.Key, layer.Attention.Value, layer.Attention.Output }.Concat(layer.FeedForward!.Matrices));
        HashSet<WeightMatrix> all = [.. matrices, backbone.Embedding, backbone.Head];
        return all.Sum(DeviceMatrix.BytesFor) + backbone.Layers.SelectMany(layer => layer.Vectors).Sum(vector => (long)vector.Length * sizeof(float));
    }

    /// <inheritdoc/>
    public void Dispose() => _buffers.Dispose();

    private DeviceLayer Layer(VulkanDevice device, ModelConfig model, LayerWeights layer, Rotation[] rotations, KvDtype kvDtype)
    {
        AttentionConfig config = layer.Config.Attention;
        var shape = new AttentionShape(model.AttentionHeads, model.KeyValueHeads, model.HeadSize, (float)config.Scale,
            (float)(config.SoftCap ?? 0), config.Window ?? AttentionShape.AllTokens);
        AttentionWeights attention = layer.Attention;
        FeedForwardWeights block = layer.FeedForward!;
        return new DeviceLayer
        {
            Attention = new Attention(device, shape, kvDtype),
            Turn = config.Rotation is null ? null : Array.IndexOf(rotations, config.Rotation),
            Activation = layer.Config.FeedForward.Activation,
            InputNorm = _buffers.Upload<float>(layer.InputNorm),
            Query = Linear(attention.Query, attention.QueryBias),
            Key = Linear(attention.Key, attention.KeyBias),
            Value = Linear(attention.Value, attention.ValueBias),
            Output = Linear(attention.Output, attention.OutputBias),
            AttentionOutputNorm = _buffers.Vector(layer.AttentionOutputNorm),
            FeedForwardNorm = _buffers.Upload<float>(layer.FeedForwardNorm),
            Gate = Linear(block.Gate, block.GateBias),
            Up = Linear(block.Up, block.UpBias),
            Down = Linear(block.Down, block.DownBias),
            FeedForwardOutputNorm = _buffers.Vector(layer.FeedForwardOutputNorm),
        };
    }

    private DeviceLinear Linear(WeightMatrix weights, float[] bias) => new(_buffers.Matrix(weights), _buffers.Vector(bias));
}

/// <summary>y = x W^T + bias.</summary>
/// <param name="Weights">[outputs, inputs]</param>
/// <param name="Bias">[outputs], or null.</param>
internal sealed record DeviceLinear(DeviceMatrix Weights, DeviceBuffer? Bias);

/// <summary>The weights of a layer with norms before its blocks, and what it computes with them.</summary>
internal sealed class DeviceLayer
{
    /// <summary>Its attention.</summary>
    public required Attention Attention { get; init; }

    /// <summary>Which of the model's rotations its queries and keys take; null: none.</summary>
    public required int? Turn { get; init; }

    /// <summary>Of its feed-forward block.</summary>
    public required Activation Activation { get; init; }

    /// <summary>[H]</summary>
    public required DeviceBuffer InputNorm { get; init; }

    /// <summary>[A, H]</summary>
    public required DeviceLinear Query { get; init; }

    /// <summary>[K, H]</summary>
    public required DeviceLinear Key { get; init; }

    /// <summary>[K, H]</summary>
    public required DeviceLinear Value { get; init; }

    /// <summary>[H, A]</summary>
    public required DeviceLinear Output { get; init; }

    /// <summary>[H], behind the attention block; null where norms stand only before the blocks.</summary>
    public required DeviceBuffer? AttentionOutputNorm { get; init; }

    /// <summary>[H]</summary>
    public required DeviceBuffer FeedForwardNorm { get; init; }

    /// <summary>[I, H]</summary>
    public required DeviceLinear Gate { get; init; }

    /// <summary>[I, H]</summary>
    public required DeviceLinear Up { get; init; }

    /// <summary>[H, I]</summary>
    public required DeviceLinear Down { get; init; }

    /// <summary>[H], behind the feed-forward block; null where norms stand only before the blocks.</summary>
    public required DeviceBuffer? FeedForwardOutputNorm { get; init; }

    /// <summary>Multiply-adds for one row, attention's own aside.</summary>
    public long Products => new[] { Query, Key, Value, Output, Gate, Up, Down }.Sum(linear => (long)linear.Weights.Rows * linear.Weights.Columns);
}
