using ParScale.Kernels.Memory;
using ParScale.Model;

namespace ParScale.Benchmarking;

/// <summary>What a model's weights ask of the machine: bytes to hold, bytes to read, products to add.</summary>
internal static class WeightCost
{
    /// <summary>Bytes of a backbone.</summary>
    public static long Bytes(Backbone backbone)
    {
        HashSet<WeightMatrix> matrices = [.. Matrices(backbone), .. backbone.Layers.SelectMany(Experts).SelectMany(expert => expert.Matrices), backbone.Embedding];
        return matrices.Sum(matrix => matrix.Bytes) + VectorBytes(backbone);
    }

    /// <summary>
    /// Bytes of the backbone that every decode step reads, whatever P is: all but the embedding, of which it needs one row, and the experts, of
    /// which it reads those that its rows choose.
    /// </summary>
    public static long StepBytes(Backbone backbone) => Matrices(backbone).Sum(matrix => matrix.Bytes) + VectorBytes(backbone);

    /// <summary>
    /// Multiply-adds of the matrices for one token of a prompt in all streams that read it, the LM head aside; attention's own are not counted.
    /// </summary>
    public static double PromptTokenProducts(Backbone backbone, StreamSet set)
    {
        int streams = set.Cached.Count;
        double products = set.Cached.Aggregator is { } mix ? Products(mix.Inner) + Products(mix.Outer) : 0;
        for (int i = 0; i < backbone.Layers.Count; i++)
        {
            AttentionWeights attention = backbone.Layers[i].Attention;
            IEnumerable<(WeightMatrix Matrix, bool Chosen)> block = FeedForward(backbone.Layers[i]);
            // All streams have the same embedding, so layer 0 needs one query, key and value for all of them.
            products += (Products(attention.Query) + Products(attention.Key) + Products(attention.Value)) * (i == 0 ? 1 : streams);
            products += (Products(attention.Output) + block.Sum(matrix => Products(matrix.Matrix))) * streams;
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
            AttentionWeights attention = backbone.Layers[i].Attention;
            IEnumerable<(WeightMatrix Matrix, bool Chosen)> block = FeedForward(backbone.Layers[i]);
            // As in PromptTokenProducts: layer 0 needs them once for each sequence.
            foreach (WeightMatrix matrix in new[] { attention.Query, attention.Key, attention.Value }) Add(matrix, i == 0 ? sets.Count : rows);
            Add(attention.Output, rows);
            // Of experts the most that it can be: no two rows share one.
            foreach ((WeightMatrix matrix, bool chosen) in block)
            {
                if (!chosen) Add(matrix, rows);
                else for (int row = 0; row < rows; row++) Add(matrix, 1);
            }
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
            AttentionWeights attention = layer.Attention;
            foreach (WeightMatrix matrix in new[] { attention.Query, attention.Key, attention.Value, attention.Output }) yield return matrix;
            foreach (WeightMatrix matrix in layer.FeedForward?.Matrices ?? layer.Experts!.AlwaysUsed) yield return matrix;
        }
        yield return backbone.Head;
    }

    private static FeedForwardWeights[] Experts(LayerWeights layer) => layer.Experts?.Experts ?? [];

    // The matrices of a layer's feed-forward block that a row uses, and whether it chose them. All experts have one shape.
    private static IEnumerable<(WeightMatrix Matrix, bool Chosen)> FeedForward(LayerWeights layer) => layer.Experts is not { } experts
        ? layer.FeedForward!.Matrices.Select(matrix => (matrix, false))
        : [
            .. experts.AlwaysUsed.Select(matrix => (matrix, false)),
            .. experts.Experts.Take(layer.Config.FeedForward.Experts!.Chosen).SelectMany(expert => expert.Matrices).Select(matrix => (matrix, true)),
        ];
}
