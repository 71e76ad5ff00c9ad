using System.Diagnostics;
using ParScale.Training.Checkpointing;
using ParScale.Training.Configuration;
using ParScale.Training.Conversion;
using ParScale.Training.Data.Order;
using ParScale.Training.Distributed;
using ParScale.Training.Evaluation;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using ParScale.Training.Reporting;
using static TorchSharp.torch;

namespace ParScale.Training.Runs;

/// <summary>
/// The training loop: batch, loss, gradients, clipping, update; now and then validation, log, checkpoint. Every process of
/// <paramref name="group"/> makes the same steps with the same weights; only the first has a folder and reports.
/// </summary>
internal sealed class Trainer(
    TrainingOptions options, ParScaleLm model, AdamW optimizer, IRowOrder data, Validation validation, RunFolder? folder,
    RunReports? reports, ProcessGroup group, FirstPrefix? firstPrefix = null)
{
    private const int LogEvery = 10;
    private readonly LearningRate _learningRate = new(
        options.LearningRate, options.MinLearningRate, options.Warmup, options.Steps, options.Schedule, options.DecayFraction);
    private readonly long _tokensPerStep = (long)options.Batch * options.Context;

    /// <summary>
    /// Trains from <paramref name="start"/> to the last step, or until <paramref name="stop"/> asks for an early end; then
    /// the checkpoint of the steps done is saved. Returns the state at the end.
    /// </summary>
    public TrainerState Run(TrainerState start, CancellationToken stop)
    {
        using GradientExchange? exchange = group.Count == 1 ? null : new GradientExchange(group, optimizer.Parameters);
        using var gradient = new BatchGradient(options, model, data, group.Slice, exchange);
        var clock = Stopwatch.StartNew();
        (long Step, double Seconds) row = (start.Step, 0);
        TrainerState state = start;
        TrainerState? saved = start.Step > 0 ? start : null;
        while (!group.Any(stop.IsCancellationRequested))
        {
            bool atEnd = state.Step == options.Steps;
            // Skipped steps leave nothing to log; the last weights are measured all the same.
            bool unmeasured = atEnd && (state.Step > start.Step || state.BestLossPerToken is null);
            if (state.Pending ? IsEvaluated(state.Step) || state.Step % LogEvery == 0 : unmeasured)
            {
                double speed = (state.Step - row.Step) * _tokensPerStep / Math.Max(1e-9, clock.Elapsed.TotalSeconds - row.Seconds);
                ValidationLoss? loss = IsEvaluated(state.Step) ? validation.Measure(model, stop) : null;
                // A validation cut short leaves the row pending: the resumed run begins with it.
                if (loss is null && IsEvaluated(state.Step)) break;
                ValidationLoss? finite = Finite(loss, state.Step);
                if (state.Pending) reports?.Write(Row(state, finite, speed), model);
                if (finite is not null) state = KeepBest(state, finite);
                row = (state.Step, clock.Elapsed.TotalSeconds);
                state = state with { LossSum = 0, LossCount = 0 };
            }
            if (state.Step > 0 && (atEnd || state.Step % options.SaveEvery == 0) && state != saved)
            {
                Save(state);
                saved = state;
            }
            if (atEnd) return state;
            state = Step(state, gradient) with { ElapsedSeconds = start.ElapsedSeconds + clock.Elapsed.TotalSeconds };
        }
        if (state != saved) Save(state);
        return state;
    }

    private void Save(TrainerState state)
    {
        group.RequireEqual(model.parameters(), state.Step);
        firstPrefix?.Write(model, group);
        folder?.SaveCheckpoint(model, optimizer, state);
    }

    private bool IsEvaluated(long step) => step % options.EvalEvery == 0 || step == options.Steps;

    private LogRow Row(TrainerState state, ValidationLoss? loss, double speed) => new(
        state.Step, state.Step * _tokensPerStep, state.LossSum / state.LossCount, loss?.PerToken, loss?.PerCharacter,
        _learningRate.At(state.Step - 1), state.GradientNorm, Math.Round(speed, 1), Math.Round(state.ElapsedSeconds, 2),
        Streams: loss?.Streams, Elastic: loss?.Elastic);

    /// <summary>One update: gradient, clipping, step.</summary>
    private TrainerState Step(TrainerState state, BatchGradient gradient)
    {
        using var scope = NewDisposeScope();
        double loss = group.Sum(gradient.Add(state.Step));
        double norm = optimizer.ClipGradients(options.Clip, group);
        if (!double.IsFinite(loss) || !double.IsFinite(norm)) return Skip(state, loss, norm);
        optimizer.Step(state.Step - state.Skipped, _learningRate.At(state.Step));
        return state with
        {
            Step = state.Step + 1,
            LossSum = state.LossSum + loss,
            LossCount = state.LossCount + 1,
            GradientNorm = norm,
            SkippedInARow = 0,
        };
    }

    /// <summary>A step without an update. Weights and moments stay, to the bit, and the optimizer does not count it.</summary>
    private TrainerState Skip(TrainerState state, double loss, double norm)
    {
        optimizer.ClearGradients();
        TrainerState after = state with { Step = state.Step + 1, Skipped = state.Skipped + 1, SkippedInARow = state.SkippedInARow + 1 };
        reports?.Skip(new SkippedStep(after.Step, loss, norm, options.Batch, after.SkippedInARow));
        if (after.SkippedInARow < options.MaxSkipped && after.Skipped < options.Steps) return after;
        throw ParScaleException.Usage("TR-07", $"{after.SkippedInARow} steps in a row, up to {after.Step}, had a loss or gradient that is not finite; "
            + "lower --lr or raise --warmup");
    }

    /// <summary>Null when it is not finite, as after an update that was far too large; steps from there on will be skipped.</summary>
    private ValidationLoss? Finite(ValidationLoss? loss, long step)
    {
        if (loss is null || double.IsFinite(loss.PerToken)) return loss;
        if (step < options.Steps)
        {
            Console.Error.WriteLine($"note: the validation loss after step {step} is not finite");
            return null;
        }
        throw ParScaleException.Usage("TR-07", $"the validation loss after the last step, {step}, is not finite; lower --lr or raise --warmup");
    }

    private TrainerState KeepBest(TrainerState state, ValidationLoss loss)
    {
        if (loss.PerToken >= state.BestLossPerToken) return state;
        firstPrefix?.Write(model, group);
        folder?.SaveBest(model, state.Step);
        return state with { BestLossPerToken = loss.PerToken, BestStep = state.Step };
    }
}
