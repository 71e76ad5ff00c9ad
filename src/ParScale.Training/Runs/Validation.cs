using ParScale.Training.Data.Order;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Runs;

/// <summary>The loss over all that is held out; <paramref name="irreducible"/> is E of the scaling law, for rho.</summary>
internal sealed class Validation(IHeldOut heldOut, double irreducible = 0)
{
    private const int RowsPerPass = 16;

    /// <summary>The mean negative log-likelihood, in nats; null when <paramref name="stop"/> came before the end.</summary>
    public ValidationLoss? Measure(ParScaleLm model, CancellationToken stop)
    {
        using var noGradient = no_grad();
        bool wasTraining = model.training;
        model.eval();
        double total = 0;
        StreamWatch? watch = model.Config.Streams > 1 ? new StreamWatch(model.Config.Streams) : null;
        foreach (Batch batch in heldOut.Passes(RowsPerPass).TakeWhile(_ => !stop.IsCancellationRequested)) total += Sum(model, watch, batch);
        model.train(wasTraining);
        if (stop.IsCancellationRequested) return null;
        return new ValidationLoss(total / heldOut.Tokens, total / heldOut.Characters, watch?.Report(irreducible));
    }

    private static double Sum(ParScaleLm model, StreamWatch? watch, Batch batch)
    {
        using var scope = NewDisposeScope();
        BatchTensors tensors = BatchTensors.Of(batch, model.Device);
        Tensor states = tensors.Select(model.States(tensors.Inputs, tensors.Offsets));
        watch?.Add(model, states, tensors.Targets);
        Tensor logits = model.Logits(model.Mix(states)).to(ScalarType.Float32);
        return nn.functional.cross_entropy(logits.flatten(0, 1), tensors.Targets, reduction: nn.Reduction.Sum).item<float>();
    }
}
