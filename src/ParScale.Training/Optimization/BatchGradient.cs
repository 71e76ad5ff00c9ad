using ParScale.Training.Configuration;
using ParScale.Training.Data.Order;
using ParScale.Training.Distributed;
using ParScale.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Optimization;

/// <summary>
/// The gradient of the mean loss over a step's batch. The rows of this process, <paramref name="ranks"/>, are taken in
/// <see cref="TrainingOptions.Accumulate"/> parts; each counts by its share of the tokens that the whole batch learns, so the sum over
/// all parts of all processes is the gradient of the one big batch. <paramref name="exchange"/> forms that sum, while the last part is still computed.
/// </summary>
internal sealed class BatchGradient(
    TrainingOptions options, ParScaleLm model, IRowOrder data, RankSlice ranks, GradientExchange? exchange = null) : IDisposable
{
    private readonly BackwardPieces? _pieces = options.ActivationCheckpointing || exchange is not null
        ? new BackwardPieces(options.ActivationCheckpointing) : null;

    private readonly TrainingGoal _goal = new(options, model);

    private readonly StreamDropping? _dropping = options.StreamDrop > 0 ? new StreamDropping(options.Streams, options.StreamDrop, options.Seed, options.Anchored) : null;

    /// <summary>
    /// Adds the gradient of step <paramref name="step"/> (from 0) to the parameters: this process's part of it, or with an exchange all of
    /// it. Returns this process's part of the loss, in nats per token.
    /// </summary>
    /// <exception cref="ParScaleException">The batch has no token to learn (TD-10).</exception>
    public double Add(long step)
    {
        // Dropout draws from the step's own seed, so that a resumed run draws the same; processes draw differently.
        random.manual_seed(options.Seed * 1_000_003 + step + ranks.Rank * 7_368_787_273);
        // Every process reads the whole batch: it must know how many tokens the others learn.
        Batch batch = data.Rows(step * options.Batch, options.Batch);
        if (batch.LearnedTokens == 0)
        {
            throw new ParScaleException(ErrorKind.BadInput, "TD-10",
                $"step {step + 1} has no token to learn from: the loss would be 0 / 0; raise --batch or --context");
        }
        (long first, int rows) = ranks.Of(0, options.Batch);
        double loss = 0;
        for (int part = 0; part < options.Accumulate; part++)
        {
            (long begin, int count) = new RankSlice(part, options.Accumulate).Of(0, rows);
            GradientExchange? ending = part == options.Accumulate - 1 ? exchange : null;
            if (count > 0) loss += AddPart(batch.Part((int)(first + begin), count), batch.LearnedTokens, ending, _dropping?.Present(step, first + begin, count));
        }
        exchange?.Finish();
        return loss;
    }

    public void Dispose() => _pieces?.Dispose();

    private double AddPart(Batch part, int learnedInAll, GradientExchange? ending, Tensor? presentRows)
    {
        using Tensor? ofRows = presentRows;
        if (part.LearnedTokens == 0) return 0;
        using var scope = NewDisposeScope();
        BatchTensors batch = BatchTensors.Of(part, model.Device);
        Tensor states = batch.Select(model.States(batch.Inputs, batch.Offsets, _pieces));
        double share = (double)part.LearnedTokens / learnedInAll;
        Tensor? present = ofRows is null ? null : batch.Select(ofRows.to(states.dtype).to(states.device).expand(-1, -1, part.Context).unsqueeze(-1)).squeeze(-1);
        (Tensor goal, double loss) = Head(states, batch.Targets, present, share);
        if (_pieces is null) goal.backward();
        else _pieces.Run(goal, ending is null ? null : ending.LayersDone);
        return loss * share;
    }

    /// <summary>What the gradient is of, and the loss; the logits are not held any longer than their gradient needs them.</summary>
    private (Tensor Goal, double Loss) Head(Tensor states, Tensor targets, Tensor? present, double share)
    {
        using var scope = NewDisposeScope();
        (Tensor goal, Tensor loss) = _goal.Of(states, targets, present);
        // TorchSharp frees a number that nothing refers to, even during the call that reads it.
        using Scalar part = share;
        if (share < 1) goal = goal * part;
        return (goal.MoveToOuterDisposeScope(), loss.to(ScalarType.Float64).item<double>());
    }
}
