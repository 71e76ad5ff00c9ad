using ParScale.Kernels.Memory;
using ParScale.Model;

namespace ParScale.Benchmarking;

/// <summary>What a model's weights ask of the machine: bytes to hold, bytes to read, products to add.</summary>
internal static class WeightCost
{
    /// <summary>Bytes of a backbone.</summary>
    public static long Bytes(Backbone backbone)
    {
        HashSet<WeightMatrix> matrices = [.. Matrices(backbone), backbone.Embedding];
        return matrices.Sum(matrix => matrix.Bytes) + VectorBytes(backbone);
    }

    /// <summary>
    /// Bytes of the backbone that one decode step reads, whatever P is: all but the embedding, of which it needs one row.
    /// </summary>
    public static long StepBytes(Backbone backbone) => Matrices(backbone).Sum(matrix => matrix.Bytes) + VectorBytes(backbone);

    /// <summary>Multiply-adds of the matrices for one token in all P streams, the LM head aside; attention's own are not counted.</summary>
    public static double TokenProducts(Backbone backbone, StreamSet set)
    {
        double products = set.Aggregator is { } mix ? Products(mix.Inner) + Products(mix.Outer) : 0;
        for (int i = 0; i < backbone.Layers.Count; i++)
        {
            (AttentionWeights attention, FeedForwardWeights block) = (backbone.Layers[i].Attention, backbone.Layers[i].FeedForward);
            // All streams have the same embedding, so layer 0 needs one query, key and value for all of them.
            products += (Products(attention.Query) + Products(attention.Key) + Products(attention.Value)) * (i == 0 ? 1 : set.Count);
            products += (Products(attention.Output) + Products(block.Gate) + Products(block.Up) + Products(block.Down)) * set.Count;
        }
        return products;
    }

    /// <summary>
    /// Multiply-adds of the matrices in one decode step of some sequences, by the kernels that do them; attention's own are not counted.
    /// </summary>
    public static IReadOnlyDictionary<ProductCase, double> StepProducts(Backbone backbone, IReadOnlyList<StreamSet> sets)
    {
        int rows = sets.Sum(set => set.Count);
        Dictionary<ProductCase, double> products = [];
        void Add(WeightMatrix matrix, int count)
        {
            var one = ProductCase.Of(matrix.Type, count);
            products[one] = products.GetValueOrDefault(one) + Products(matrix) * count;
        }
        for (int i = 0; i < backbone.Layers.Count; i++)
        {
            (AttentionWeights attention, FeedForwardWeights block) = (backbone.Layers[i].Attention, backbone.Layers[i].FeedForward);
            // As in TokenProducts: layer 0 needs them once for each sequence.
            foreach (WeightMatrix matrix in new[] { attention.Query, attention.Key, attention.Value }) Add(matrix, i == 0 ? sets.Count : rows);
            foreach (WeightMatrix matrix in new[] { attention.Output, block.Gate, block.Up, block.Down }) Add(matrix, rows);
        }
        foreach (IGrouping<StreamSet, StreamSet> equal in sets.Where(set => set.Aggregator is not null).GroupBy(set => set))
        {
            Add(equal.Key.Aggregator!.Inner, equal.Count());
            Add(equal.Key.Aggregator!.Outer, equal.Count());
        }
        Add(backbone.Head, sets.Count);
        return products;
    }

    /// <summary>Multiply-adds of the LM head for one token.</summary>
    public static double HeadProducts(Backbone backbone) => Products(backbone.Head);

    private static double Products(WeightMatrix matrix) => (double)matrix.Rows * matrix.Columns;

    private static long VectorBytes(Backbone backbone) => sizeof(float) * (backbone.FinalNorm.Length
        + backbone.Layers.Sum(layer => layer.Vectors.Sum(vector => (long)vector.Length)));

    private static IEnumerable<WeightMatrix> Matrices(Backbone backbone)
    {
        foreach (LayerWeights layer in backbone.Layers)
        {
            (AttentionWeights attention, FeedForwardWeights block) = (layer.Attention, layer.FeedForward);
            foreach (WeightMatrix matrix in new[] { attention.Query, attention.Key, attention.Value, attention.Output, block.Gate, block.Up, block.Down }) yield return matrix;
        }
        yield return backbone.Head;
    }
}
