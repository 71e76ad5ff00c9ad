using ParScale.Checkpoints;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Quantization;

namespace ParScale.Model;

/// <summary>Everything a checkpoint holds, read-only, shapes as stored. Matrices may lie in the mapped file.</summary>
internal sealed class ModelWeights : IDisposable
{
    /// <summary>[V, H]</summary>
    public required WeightMatrix Embedding { get; init; }

    public required IReadOnlyList<LayerWeights> Layers { get; init; }

    /// <summary>[H]</summary>
    public required float[] FinalNorm { get; init; }

    /// <summary>Null when P = 1.</summary>
    public required AggregatorWeights? Aggregator { get; init; }

    /// <summary>[V, H]; the embedding itself when the checkpoint ties them.</summary>
    public required WeightMatrix Head { get; init; }

    /// <summary>Storage of the large matrices.</summary>
    public required WeightType Type { get; init; }

    /// <summary>One line per tensor that holds NaN or infinity.</summary>
    public required IReadOnlyList<string> NonFinite { get; init; }

    /// <summary>Where NaN or infinity was found, in one line; null when all values are finite.</summary>
    public string? Damage => NonFinite switch
    {
        [] => null,
        [string only] => only,
        [string first, ..] => $"{first} (the first of {NonFinite.Count} such tensors)",
    };

    private IReadOnlyList<WeightMatrix> Matrices { get; init; } = [];

    /// <summary>Maps or converts all tensors. <paramref name="type"/> null keeps matrices as stored (f16 becomes f32).</summary>
    /// <param name="checkpoint">An open checkpoint; it must stay open while the weights are used.</param>
    /// <param name="config">The configuration to run: its number of streams is the checkpoint's, or 1 for the backbone alone.</param>
    /// <param name="type">Storage of the matrices.</param>
    /// <exception cref="ParScaleException">
    /// The weights in that storage need more memory than the machine has, or those of a quantised folder are damaged.
    /// </exception>
    public static ModelWeights Load(Checkpoint checkpoint, ModelConfig config, WeightType? type)
    {
        MemoryCheck.Require(config, checkpoint, type);
        if (config.QuantizedType is not null) QuantizedCheck.Require(checkpoint.Get(ModelTensors.EmbeddingName).File);
        return From(new WeightReader(checkpoint, type), config);
    }

    /// <summary>Takes all tensors of a shape from a source.</summary>
    public static ModelWeights From(IWeightSource source, ModelConfig config)
    {
        WeightMatrix embedding = source.Matrix(ModelTensors.EmbeddingName);
        var layers = new LayerWeights[config.LayerCount];
        for (int i = 0; i < layers.Length; i++) layers[i] = LayerWeights.Load(source, config, i);
        return new ModelWeights
        {
            Embedding = embedding,
            Layers = layers,
            FinalNorm = source.Vector("model.norm.weight"),
            Aggregator = config.Streams > 1 ? AggregatorWeights.Load(source) : null,
            Head = config.TieWordEmbeddings ? embedding : source.Matrix(ModelTensors.HeadName),
            Type = layers[0].Down.Type,
            NonFinite = source.NonFinite,
            Matrices = source.Matrices,
        };
    }

    /// <summary>Frees converted matrices. Nobody may read any more.</summary>
    public void Dispose()
    {
        foreach (WeightMatrix matrix in Matrices) matrix.Dispose();
    }
}
