using ParScale.Training.Distributed;
using ParScale.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Evaluation;

/// <summary>Adds up over windows of a text what <see cref="StreamReport"/> tells.</summary>
internal sealed class StreamMetrics(int streams)
{
    private static readonly Scalar Smallest = 1e-300;
    private readonly Scalar _logStreams = Math.Log(streams);
    private readonly double[] _losses = new double[streams];
    private readonly double[] _weights = new double[streams];
    private double _averageLoss;
    private double _cosine;
    private double _entropy;
    private long _tokens;

    /// <summary>Takes one batch of final states, [P, B, S, H], whose tokens are followed by <paramref name="targets"/>, [B * S].</summary>
    public void Add(ParScaleLm model, Tensor states, Tensor targets)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var likelihoods = new Tensor[streams];
        for (int p = 0; p < streams; p++)
        {
            // One head call at a time: P of them at once would hold P times the logits.
            likelihoods[p] = TokenFigures.LogLikelihoods(model.Logits(states[p]), targets).MoveToOuterDisposeScope();
            _losses[p] -= Sum(likelihoods[p]);
        }
        // log of the mean of P probabilities.
        _averageLoss -= Sum(stack(likelihoods).logsumexp(0) - _logStreams);
        _cosine += Sum(StreamSimilarity.Cosines(states).mean([0]));
        Tensor weights = model.MixingWeights(states).to(ScalarType.Float64).flatten(0, 1);
        double[] sums = [.. weights.sum(dim: 0).cpu().data<double>()];
        for (int p = 0; p < streams; p++) _weights[p] += sums[p];
        // Without smoothing a weight may be 0, and 0 log 0 counts as 0.
        _entropy -= Sum(weights * weights.clamp_min(Smallest).log());
        _tokens += targets.numel();
    }

    /// <summary>Adds what the other processes of the group have taken.</summary>
    public void Share(ProcessGroup group)
    {
        double[] all = [.. _losses, .. _weights, _averageLoss, _cosine, _entropy, _tokens];
        group.Sum(all);
        all.AsSpan(0, streams).CopyTo(_losses);
        all.AsSpan(streams, streams).CopyTo(_weights);
        (_averageLoss, _cosine, _entropy, _tokens) = (all[^4], all[^3], all[^2], (long)all[^1]);
    }

    /// <summary>The means over all tokens taken so far; <paramref name="irreducible"/> is E of the scaling law.</summary>
    public StreamReport Report(double irreducible)
    {
        double[] losses = [.. _losses.Select(loss => loss / _tokens)];
        double[] weights = [.. _weights.Select(weight => weight / _tokens)];
        double most = Math.Log(streams);
        double average = _averageLoss / _tokens;
        return new StreamReport(
            losses, average, Rho(losses.Average(), average, streams, irreducible), _cosine / _tokens, weights,
            _entropy / _tokens / most, -weights.Sum(w => w > 0 ? w * Math.Log(w) : 0) / most);
    }

    /// <summary>
    /// rho = 1 - (mean stream loss - loss of the mean distribution) / (mean stream loss - E) * P / (P - 1); null where the
    /// loss is not above E.
    /// </summary>
    internal static double? Rho(double meanLoss, double averageLoss, int streams, double irreducible) => meanLoss > irreducible
        ? 1 - (meanLoss - averageLoss) / (meanLoss - irreducible) * streams / (streams - 1)
        : null;

    private static double Sum(Tensor values) => values.sum(ScalarType.Float64).item<double>();
}

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
