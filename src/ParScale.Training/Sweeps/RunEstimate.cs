using ParScale.Model;
using ParScale.Training.Runs;

namespace ParScale.Training.Sweeps;

/// <summary>How large a run is, before it is made.</summary>
/// <param name="N">Parameters as the scaling law counts them: without the embedding, with prefixes and aggregator.</param>
/// <param name="Streams">P.</param>
/// <param name="Parameters">All parameters.</param>
/// <param name="Tokens">Tokens that it trains on.</param>
/// <param name="Flops">Operations of the matrix products of all forward and backward passes, without validation.</param>
internal sealed record RunEstimate(long N, int Streams, long Parameters, long Tokens, double Flops)
{
    public static RunEstimate Of(ModelConfig model, TrainingOptions options)
    {
        long tokens = options.Steps * options.Batch * options.Context;
        return new RunEstimate(LawParameters(model), model.Streams, model.TotalParameters, tokens, tokens * FlopsPerToken(model, options.Context));
    }

    /// <summary>N of the scaling law. Source: arXiv 2505.10475, section 3.</summary>
    public static long LawParameters(ModelConfig model) => model.TotalParameters - Embedding(model) * (model.TieWordEmbeddings ? 1 : 2);

    // Twice a multiplication and addition per weight in the forward pass, and twice that again in the backward pass. The layers run
    // once for each stream; a query sees half of its window, on average, and all prefixes.
    private static double FlopsPerToken(ModelConfig model, int context)
    {
        double layers = model.CoreParameters - (double)Embedding(model) * (model.TieWordEmbeddings ? 1 : 2);
        double seen = context / 2.0 + model.PrefixTokens;
        double attention = 2.0 * model.LayerCount * model.AttentionHeads * model.HeadSize * seen;
        return 6 * (model.Streams * (layers + attention) + model.AggregatorParameters + Embedding(model));
    }

    private static long Embedding(ModelConfig model) => (long)model.VocabularySize * model.HiddenSize;
}
