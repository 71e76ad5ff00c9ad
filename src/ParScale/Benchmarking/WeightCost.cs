using ParScale.Kernels.Memory;
using ParScale.Model;

namespace ParScale.Benchmarking;

/// <summary>What a model's weights ask of the machine: bytes to hold, bytes to read, products to add.</summary>
internal static class WeightCost
{
    /// <summary>Bytes of models that may share matrices.</summary>
    public static long Bytes(IEnumerable<ModelWeights> models)
    {
        var matrices = new HashSet<WeightMatrix>();
        long values = 0;
        foreach (ModelWeights weights in models)
        {
            matrices.UnionWith(Matrices(weights));
            matrices.Add(weights.Embedding);
            values += Vectors(weights) + weights.Layers.Sum(layer => (long)layer.PrefixKeys.Length + layer.PrefixValues.Length);
        }
        return matrices.Sum(matrix => matrix.Bytes) + sizeof(float) * values;
    }

    /// <summary>
    /// Bytes that one decode step reads, whatever P is: all weights but the embedding, of which it needs one row. Prefixes count as cache.
    /// </summary>
    public static long StepBytes(ModelWeights weights) =>
        Matrices(weights).Sum(matrix => matrix.Bytes) + sizeof(float) * Vectors(weights);

    /// <summary>Multiply-adds of the matrices for one token in all P streams, the LM head aside; attention's own are not counted.</summary>
    public static double TokenProducts(ModelWeights weights, int streams)
    {
        double products = weights.Aggregator is { } mix ? Products(mix.Inner) + Products(mix.Outer) : 0;
        for (int i = 0; i < weights.Layers.Count; i++)
        {
            LayerWeights layer = weights.Layers[i];
            // All streams have the same embedding, so layer 0 needs one query, key and value for all of them.
            products += (Products(layer.Query) + Products(layer.Key) + Products(layer.Value)) * (i == 0 ? 1 : streams);
            products += (Products(layer.Output) + Products(layer.Gate) + Products(layer.Up) + Products(layer.Down)) * streams;
        }
        return products;
    }

    /// <summary>Multiply-adds of the LM head for one token.</summary>
    public static double HeadProducts(ModelWeights weights) => Products(weights.Head);

    private static double Products(WeightMatrix matrix) => (double)matrix.Rows * matrix.Columns;

    private static long Vectors(ModelWeights weights) => weights.FinalNorm.Length
        + (weights.Aggregator is { } mix ? mix.InnerBias.Length + mix.OuterBias.Length : 0)
        + weights.Layers.Sum(layer => (long)layer.InputNorm.Length + layer.PostAttentionNorm.Length
            + layer.QueryBias.Length + layer.KeyBias.Length + layer.ValueBias.Length);

    private static IEnumerable<WeightMatrix> Matrices(ModelWeights weights)
    {
        foreach (LayerWeights layer in weights.Layers)
        {
            yield return layer.Query;
            yield return layer.Key;
            yield return layer.Value;
            yield return layer.Output;
            yield return layer.Gate;
            yield return layer.Up;
            yield return layer.Down;
        }
        yield return weights.Head;
        if (weights.Aggregator is null) yield break;
        yield return weights.Aggregator.Inner;
        yield return weights.Aggregator.Outer;
    }
}
