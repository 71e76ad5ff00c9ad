namespace ParScale.Training.Runs;

/// <summary>What the streams of a model do on a text; docs/math.md has the definitions. Losses are in nats per token.</summary>
/// <param name="Losses">The loss of each stream decoded alone.</param>
/// <param name="AverageLoss">The loss of the plain mean of the P distributions.</param>
/// <param name="Rho">The correlation of the streams' relative residuals; an upper bound while the irreducible loss is taken as 0.</param>
/// <param name="Cosine">Mean cosine of two streams' final states; 1 is a collapse into one stream.</param>
/// <param name="Weights">Mean aggregation weight of each stream.</param>
/// <param name="WeightEntropy">Mean entropy of a token's weights over ln P: 1 is equal weights, 0 one stream.</param>
/// <param name="WeightBalance">Entropy of <paramref name="Weights"/> over ln P: 1 is streams used alike over the text.</param>
internal sealed record StreamReport(
    double[] Losses, double AverageLoss, double? Rho, double Cosine, double[] Weights, double WeightEntropy, double WeightBalance);
