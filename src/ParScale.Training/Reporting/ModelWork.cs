using ParScale.Checkpoints;
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
    /// With a <paramref name="frozen"/> backbone the gradients of its matrices are not computed, those of their inputs are, but for an anchor, which has none.
    /// </summary>
    public static double TrainingPerToken(CheckpointConfig config, int context, bool frozen = false)
    {
        const double Forward = 1, InputGradient = 1, WeightGradient = 1;
        double whole = Forward + InputGradient + WeightGradient;
        double backbone = frozen ? Forward + InputGradient : whole;
        double head = (double)config.Model.VocabularySize * config.Model.HiddenSize;
        int apart = frozen && config.Streams.Anchored ? 1 : 0, streams = config.Streams.Count - apart;
        double multiplyAdds = Layers(config.Model) * (streams * backbone + apart * Forward) + head * backbone
            + Attention(config, context) * (streams * whole + apart * Forward) + Matrices(config.Model, config.Streams, "model.aggregate_layer.") * whole;
        return OperationsPerMultiplyAdd * multiplyAdds;
    }

    /// <summary>All matrices of the layers, of experts those that a row chooses.</summary>
    private static double Layers(ModelConfig model) =>
        Matrices(model, StreamConfig.Plain, "model.layers.") - ParameterCounts.Of(model, StreamConfig.Plain).Idle;

    // Products with a matrix take one multiply-add for each of its parameters.
    private static double Matrices(ModelConfig model, StreamConfig streams, string prefix) => ModelTensors.Loaded(model, streams)
        .Where(tensor => tensor.Shape.Length == 2 && tensor.Name.StartsWith(prefix, StringComparison.Ordinal))
        .Sum(tensor => (double)tensor.Shape[0] * tensor.Shape[1]);

    /// <summary>Scores and weighted sums of every query of a stream with all slots of its row, in a window with those of its size.</summary>
    private static double Attention(CheckpointConfig config, int context) => config.Model.Layers.Sum(layer =>
        2.0 * config.Model.AttentionHeads * config.Model.HeadSize
        * (Math.Min(context, layer.Attention.Window ?? context) + config.Streams.PrefixTokens));
}

/// <summary>How fast this process trained, validation not counted.</summary>
/// <param name="TokensPerSecond">Tokens of the data, each of which P streams read.</param>
/// <param name="FlopsPerToken">Floating-point operations for one of them, see <see cref="ModelWork"/>.</param>
/// <param name="MatrixFlopsPerSecond">What the machine reached on plain products at the start, see <see cref="MatrixRate"/>.</param>
/// <param name="ShareOfPeak">The part of that rate that training used, 0 to 1.</param>
internal sealed record RunSpeed(double TokensPerSecond, double FlopsPerToken, double MatrixFlopsPerSecond, double ShareOfPeak);
