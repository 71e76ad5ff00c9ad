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
        int[] cuts = [.. model.Config.Streams.Elastic];
        List<double> sums = [];
        var ofCuts = new List<double>();
        StreamMetrics? metrics = model.Config.Streams.Count > 1 ? new StreamMetrics(model.Config.Streams.Count) : null;
        foreach (Batch batch in heldOut.Passes(RowsPerPass).TakeWhile(_ => !stop.IsCancellationRequested))
        {
            double[] ofBatch = sums.Count % _group.Count == _group.Rank ? Sum(model, metrics, batch, cuts) : new double[1 + cuts.Length];
            sums.Add(ofBatch[0]);
            ofCuts.AddRange(ofBatch[1..]);
        }
        model.train(wasTraining);
        if (_group.Any(stop.IsCancellationRequested)) return null;
        // Every sum comes from one process, and all add them up in one order: the loss is that of a process on its own, to the last bit.
        double[] all = [.. sums], perCut = [.. ofCuts];
        _group.Sum(all);
        if (cuts.Length > 0) _group.Sum(perCut);
        double total = all.Sum();
        metrics?.Share(_group);
        CutLoss[] elastic = [.. cuts.Select((count, i) => new CutLoss(count, perCut.Where((_, at) => at % cuts.Length == i).Sum() / heldOut.Tokens))];
        return new ValidationLoss(total / heldOut.Tokens, total / heldOut.Characters, metrics?.Report(irreducible), cuts.Length == 0 ? null : elastic);
    }

    /// <summary>The summed losses of a batch: of all streams, and of each number of streams of an elastic model.</summary>
    private static double[] Sum(ParScaleLm model, StreamMetrics? metrics, Batch batch, int[] cuts)
    {
        using var scope = NewDisposeScope();
        BatchTensors tensors = BatchTensors.Of(batch, model.Device);
        Tensor states = tensors.Select(model.States(tensors.Inputs, tensors.Offsets));
        metrics?.Add(model, states, tensors.Targets);
        double all = Sum(model, model.Mix(states), tensors.Targets);
        return [all, .. cuts.Select(count => count == model.Config.Streams.Count ? all : Sum(model, model.MixFirst(states, count), tensors.Targets))];
    }

    private static double Sum(ParScaleLm model, Tensor mixed, Tensor targets)
    {
        using var scope = NewDisposeScope();
        Tensor logits = model.Logits(mixed).AtLeastFloat32();
        return nn.functional.cross_entropy(logits.flatten(0, 1), targets, reduction: nn.Reduction.Sum).to(ScalarType.Float64).item<double>();
    }
}

/// <summary>
/// Mean negative log-likelihood in nats, per predicted token and per predicted code point of the text; and, with P &gt; 1, what
/// the streams did; of an elastic model also the loss of each number of streams.
/// </summary>
internal sealed record ValidationLoss(double PerToken, double PerCharacter, StreamReport? Streams = null, IReadOnlyList<CutLoss>? Elastic = null);

/// <summary>The loss, in nats per token, of the first <paramref name="Streams"/> streams of an elastic model.</summary>
internal sealed record CutLoss(int Streams, double Loss);
