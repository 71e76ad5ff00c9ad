using ParScale.Training.Data.Order;
using ParScale.Training.Distributed;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using static TorchSharp.torch;

namespace ParScale.Training.Evaluation;

/// <summary>
/// The loss over all that is held out, which the processes of <paramref name="group"/> share; <paramref name="irreducible"/> is E of the
/// scaling law, for rho.
/// </summary>
internal sealed class Validation(IHeldOut heldOut, double irreducible = 0, ProcessGroup? group = null)
{
    private const int RowsPerPass = 16;
    private readonly ProcessGroup _group = group ?? ProcessGroup.Alone;

    /// <summary>
    /// The mean negative log-likelihood, in nats; null, in all processes, when <paramref name="stop"/> came to one before its end.
    /// </summary>
    public ValidationLoss? Measure(ParScaleLm model, CancellationToken stop)
    {
        using var noGradient = no_grad();
        bool wasTraining = model.training;
        model.eval();
        List<double> sums = [];
        StreamMetrics? metrics = model.Config.Streams.Count > 1 ? new StreamMetrics(model.Config.Streams.Count) : null;
        foreach (Batch batch in heldOut.Passes(RowsPerPass).TakeWhile(_ => !stop.IsCancellationRequested))
            sums.Add(sums.Count % _group.Count == _group.Rank ? Sum(model, metrics, batch) : 0);
        model.train(wasTraining);
        if (_group.Any(stop.IsCancellationRequested)) return null;
        // Every sum comes from one process, and all add them up in one order: the loss is that of a process on its own, to the last bit.
        double[] all = [.. sums];
        _group.Sum(all);
        double total = all.Sum();
        metrics?.Share(_group);
        return new ValidationLoss(total / heldOut.Tokens, total / heldOut.Characters, metrics?.Report(irreducible));
    }

    private static double Sum(ParScaleLm model, StreamMetrics? metrics, Batch batch)
    {
        using var scope = NewDisposeScope();
        BatchTensors tensors = BatchTensors.Of(batch, model.Device);
        Tensor states = tensors.Select(model.States(tensors.Inputs, tensors.Offsets));
        metrics?.Add(model, states, tensors.Targets);
        Tensor logits = model.Logits(model.Mix(states)).AtLeastFloat32();
        return nn.functional.cross_entropy(logits.flatten(0, 1), tensors.Targets, reduction: nn.Reduction.Sum).to(ScalarType.Float64).item<double>();
    }
}

/// <summary>
/// Mean negative log-likelihood in nats, per predicted token and per predicted code point of the text; and, with P &gt; 1, what
/// the streams did.
/// </summary>
internal sealed record ValidationLoss(double PerToken, double PerCharacter, StreamReport? Streams = null);
