using ParScale.Training.Distributed;
using ParScale.Training.Modules;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Optimization;

/// <summary>
/// Adam with decoupled weight decay: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2,
/// w = w (1 - lr decay) - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps). Which weights decay is in
/// <see cref="DecayGroups"/>. Its moments are plain named tensors, so a resumed run continues bit for bit.
/// </summary>
internal sealed class AdamW : IDisposable
{
    public const double DefaultBeta1 = 0.9;
    public const double DefaultEpsilon = 1e-8;

    private readonly Entry[] _entries;
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _decay;
    private readonly double _epsilon;
    private readonly double[] _factors;

    /// <summary>With <paramref name="rates"/> some parameters have the learning rate times a factor.</summary>
    public AdamW(
        IEnumerable<(string Name, Parameter Parameter)> parameters, double beta2, double decay,
        double beta1 = DefaultBeta1, double epsilon = DefaultEpsilon, RateFactors? rates = null)
    {
        (_beta1, _beta2, _decay, _epsilon) = (beta1, beta2, decay, epsilon);
        RateFactors factors = rates ?? RateFactors.Even;
        _entries = [.. parameters.Select(p => new Entry(p.Name, p.Parameter, DecayGroups.Decays(p.Name), factors.Of(p.Name),
            zeros_like(p.Parameter).requires_grad_(false).DetachFromDisposeScope(),
            zeros_like(p.Parameter).requires_grad_(false).DetachFromDisposeScope()))];
        _factors = [.. _entries.Select(entry => entry.Factor).Distinct()];
    }

    /// <summary>What it updates, by name.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> Parameters => _entries.Select(e => (e.Name, e.Parameter));

    /// <summary>The moments by name: <c>exp_avg.NAME</c> and <c>exp_avg_sq.NAME</c>.</summary>
    public IEnumerable<(string Name, Tensor Value)> State =>
        _entries.SelectMany(e => ((string, Tensor)[])[($"exp_avg.{e.Name}", e.Mean), ($"exp_avg_sq.{e.Name}", e.Square)]);

    /// <summary>
    /// Scales all gradients so that their joint norm is at most <paramref name="limit"/>; returns the norm before that. All processes of
    /// a group, which have the same gradients, take the norm of the first: on another machine its last bits may differ.
    /// </summary>
    public double ClipGradients(double limit, ProcessGroup? group = null)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Tensor norms = stack(_entries.Select(e => Gradient(e).norm()));
        double norm = (group ?? ProcessGroup.Alone).FromFirst(norms.norm().to(ScalarType.Float64).item<double>());
        if (norm > limit)
        {
            using Scalar share = limit / norm;
            foreach (Entry entry in _entries) Gradient(entry).mul_(share);
        }
        return norm;
    }

    /// <summary>One update; <paramref name="step"/> counts from 0. The gradients are cleared.</summary>
    public void Step(long step, double learningRate)
    {
        using var noGradient = no_grad();
        // Numbers are held to the end: TorchSharp frees one that nothing refers to any more, even during the call that reads it, and
        // a collection at that moment made an update fail.
        using Scalar keptMean = _beta1, newMean = 1 - _beta1, keptSquare = _beta2, newSquare = 1 - _beta2, epsilon = _epsilon;
        using Scalar squareCorrection = Math.Sqrt(1 - Math.Pow(_beta2, step + 1));
        foreach (double factor in _factors)
        {
            using Scalar kept = 1 - factor * learningRate * _decay, rate = -factor * learningRate / (1 - Math.Pow(_beta1, step + 1));
            foreach (Entry entry in _entries.Where(entry => entry.Factor == factor))
            {
                using var scope = NewDisposeScope();
                Tensor gradient = Gradient(entry);
                entry.Mean.mul_(keptMean).add_(gradient, newMean);
                entry.Square.mul_(keptSquare).addcmul_(gradient, gradient, newSquare);
                Tensor denominator = entry.Square.sqrt().div_(squareCorrection).Add(epsilon);
                if (entry.Decays) entry.Parameter.mul_(kept);
                entry.Parameter.addcdiv_(entry.Mean, denominator, rate);
                gradient.zero_();
            }
        }
    }

    /// <summary>Sets all gradients to 0, whatever is in them.</summary>
    public void ClearGradients()
    {
        using var noGradient = no_grad();
        foreach (Entry entry in _entries) Gradient(entry).zero_();
    }

    public void Dispose()
    {
        foreach (Entry entry in _entries)
        {
            entry.Mean.Dispose();
            entry.Square.Dispose();
        }
    }

    private static Tensor Gradient(Entry entry) =>
        entry.Parameter.grad ?? throw new InvalidOperationException($"{entry.Name} has no gradient");

    private sealed record Entry(string Name, Parameter Parameter, bool Decays, double Factor, Tensor Mean, Tensor Square);
}
