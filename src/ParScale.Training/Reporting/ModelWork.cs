using ParScale.Configuration;

namespace ParScale.Training.Reporting;

/// <summary>
/// The arithmetic that a model asks for, by the convention of Chowdhery et al. (2022, appendix B), so that shares of a machine's rate
/// compare with those of others: a multiply-add is two operations, the backward pass costs twice the forward pass, attention
/// is counted without the discount for what the causal mask hides, and computing activations a second time is not counted.
/// </summary>
internal static class ModelWork
{
    private const double OperationsPerMultiplyAdd = 2;

    /// <summary>
    /// Floating-point operations of training on one token in a row of <paramref name="context"/> tokens, all P streams together.
    /// With a <paramref name="frozen"/> backbone the gradients of its matrices are not computed, those of their inputs are.
    /// </summary>
    public static double TrainingPerToken(CheckpointConfig config, int context, bool frozen = false)
    {
        const double Forward = 1, InputGradient = 1, WeightGradient = 1;
        double whole = Forward + InputGradient + WeightGradient;
        double backbone = frozen ? Forward + InputGradient : whole;
        double head = (double)config.Model.HiddenSize * config.Model.VocabularySize;
        double multiplyAdds = (config.Streams.Count * LayerMatrices(config) + head) * backbone
            + (Mixing(config) + Attention(config, context)) * whole;
        return OperationsPerMultiplyAdd * multiplyAdds;
    }

    private static double LayerMatrices(CheckpointConfig config)
    {
        double attention = 2.0 * (config.Model.AttentionHeads + config.Model.KeyValueHeads) * config.Model.HeadSize * config.Model.HiddenSize;
        return config.Model.LayerCount * (attention + 3.0 * config.Model.HiddenSize * config.Model.IntermediateSize);
    }

    private static double Mixing(CheckpointConfig config)
    {
        if (config.Streams.Count == 1) return 0;
        return (double)config.Streams.Count * config.Model.HiddenSize * config.Model.HiddenSize + (double)config.Model.HiddenSize * config.Streams.Count;
    }

    /// <summary>Scores and weighted sums of every query with all slots of its row.</summary>
    private static double Attention(CheckpointConfig config, int context) =>
        2.0 * config.Streams.Count * config.Model.LayerCount * config.Model.AttentionHeads * config.Model.HeadSize * (context + config.Streams.PrefixTokens);
}

/// <summary>How fast this process trained, validation not counted.</summary>
/// <param name="TokensPerSecond">Tokens of the data, each of which P streams read.</param>
/// <param name="FlopsPerToken">Floating-point operations for one of them, see <see cref="ModelWork"/>.</param>
/// <param name="MatrixFlopsPerSecond">What the machine reached on plain products at the start, see <see cref="MatrixRate"/>.</param>
/// <param name="ShareOfPeak">The part of that rate that training used, 0 to 1.</param>
internal sealed record RunSpeed(double TokensPerSecond, double FlopsPerToken, double MatrixFlopsPerSecond, double ShareOfPeak);
