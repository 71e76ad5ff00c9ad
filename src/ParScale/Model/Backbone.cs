using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Configuration.Rotations;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.Model;

/// <summary>
/// A plain decoder: its numbers and its weights, read-only, and nothing about streams. Every <see cref="StreamSet"/> of a model runs
/// over the one copy that this is.
/// </summary>
internal sealed class Backbone : IDisposable
{
    /// <summary>Its numbers.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>[V, H]</summary>
    public required WeightMatrix Embedding { get; init; }

    /// <summary>The layers, the first one first.</summary>
    public required IReadOnlyList<LayerWeights> Layers { get; init; }

    /// <summary>[H]</summary>
    public required float[] FinalNorm { get; init; }

    /// <summary>[V, H]; the embedding itself when the checkpoint ties them.</summary>
    public required WeightMatrix Head { get; init; }

    /// <summary>Storage of the large matrices.</summary>
    public required WeightDtype Type { get; init; }

    /// <summary>What embeddings are multiplied with.</summary>
    public required float EmbeddingScale { get; init; }

    /// <summary>One line per tensor that holds NaN or infinity.</summary>
    public required IReadOnlyList<string> NonFinite { get; init; }

    private IReadOnlyList<WeightMatrix> Matrices { get; init; } = [];

    private IReadOnlyList<Rotation> Rotations { get; init; } = [];

    /// <summary>Takes all tensors of a plain model from a source.</summary>
    public static Backbone From(IWeightSource source, ModelConfig config)
    {
        WeightMatrix embedding = source.Matrix(ModelTensors.EmbeddingName);
        var layers = new LayerWeights[config.LayerCount];
        for (int i = 0; i < layers.Length; i++) layers[i] = LayerWeights.Load(source, config, i);
        return new Backbone
        {
            Config = config,
            Embedding = embedding,
            Layers = layers,
            FinalNorm = source.Vector(ModelTensors.FinalNormName),
            Head = config.TieWordEmbeddings ? embedding : source.Matrix(ModelTensors.HeadName),
            Type = layers[0].Attention.Output.Type,
            EmbeddingScale = Model.EmbeddingScale.Of(config, source),
            Rotations = [.. config.Rotations],
            NonFinite = source.NonFinite,
            Matrices = source.Matrices,
        };
    }

    /// <summary>
    /// Which frequencies the keys of a sequence turn by in all layers: the shortest length, or 0, that has the same ones. Always 0 where
    /// they do not depend on the length.
    /// </summary>
    public int RotationEpoch(int length)
    {
        int epoch = 0;
        for (int i = 0; i < Rotations.Count; i++) epoch = Math.Max(epoch, Rotations[i].Epoch(length));
        return epoch;
    }

    /// <inheritdoc/>
    public void Dispose() => FreeMatrices();

    /// <summary>Frees converted matrices. Nobody may read any more; their sizes stay known.</summary>
    public void FreeMatrices()
    {
        foreach (WeightMatrix matrix in Matrices) matrix.Dispose();
    }
}
