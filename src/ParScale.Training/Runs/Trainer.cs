using System.Diagnostics;
using ParScale.Training.Data;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using static TorchSharp.torch;

namespace ParScale.Training.Runs;

/// <summary>The training loop: batch, loss, gradients, clipping, update; now and then validation, log, checkpoint.</summary>
internal sealed class Trainer(
    TrainingOptions options, ParScaleLm model, AdamW optimizer, DataOrder data, Validation validation, RunFolder folder)
{
    private const int LogEvery = 10;
    private readonly LearningRate _learningRate = new(options.LearningRate, options.MinLearningRate, options.Warmup, options.Steps);
    private readonly long _tokensPerStep = (long)options.Batch * options.Context;
    private double _lossSum;
    private int _lossCount;

    /// <summary>
    /// Trains from <paramref name="start"/> to the last step, or until <paramref name="stop"/> asks for an early end; then
    /// the checkpoint of the steps done is saved. Returns the state at the end.
    /// </summary>
    public TrainerState Run(TrainerState start, CancellationToken stop)
    {
        using var log = new RunLog(folder.Path, options, start.Step);
        var progress = new ProgressLine(options.Steps);
        var clock = Stopwatch.StartNew();
        TrainerState state = start;
        long saved = start.Step > 0 ? start.Step : -1;
        (long step, double seconds) last = (start.Step, 0);
        while (state.Step < options.Steps && !stop.IsCancellationRequested)
        {
            double norm = Step(state.Step);
            long done = state.Step + 1;
            bool atEnd = done == options.Steps;
            state = state with { Step = done, ElapsedSeconds = start.ElapsedSeconds + clock.Elapsed.TotalSeconds };
            bool evaluate = done % options.EvalEvery == 0 || atEnd;
            if (evaluate || done % LogEvery == 0)
            {
                double speed = (done - last.step) * _tokensPerStep / Math.Max(1e-9, clock.Elapsed.TotalSeconds - last.seconds);
                ValidationLoss? loss = evaluate ? validation.Measure(model) : null;
                var row = new LogRow(done, done * _tokensPerStep, _lossSum / _lossCount, loss?.PerToken, loss?.PerCharacter,
                    _learningRate.At(done - 1), norm, Math.Round(speed, 1), Math.Round(state.ElapsedSeconds, 2));
                log.Write(row);
                progress.Show(row);
                (_lossSum, _lossCount) = (0, 0);
                last = (done, clock.Elapsed.TotalSeconds);
                if (loss is not null) state = KeepBest(state, loss);
            }
            if (done % options.SaveEvery != 0 && !atEnd) continue;
            folder.SaveCheckpoint(model, optimizer, state);
            saved = done;
        }
        if (saved != state.Step) folder.SaveCheckpoint(model, optimizer, state);
        return state;
    }

    /// <summary>One update; returns the gradient norm before clipping.</summary>
    private double Step(long step)
    {
        using var scope = NewDisposeScope();
        // Dropout draws from the step's own seed, so that a resumed run draws the same.
        random.manual_seed(options.Seed * 1_000_003 + step);
        Tensor batch = tensor(data.Batch(step, options.Batch)).view(options.Batch, options.Context + 1);
        Tensor inputs = batch.narrow(1, 0, options.Context);
        Tensor targets = batch.narrow(1, 1, options.Context).flatten();
        Tensor logits = model.forward(inputs).flatten(0, 1).to(ScalarType.Float32);
        Tensor loss = nn.functional.cross_entropy(logits, targets);
        loss.backward();
        double value = loss.item<float>();
        double norm = optimizer.ClipGradients(options.Clip);
        if (!double.IsFinite(value) || !double.IsFinite(norm))
            throw ParScaleException.Usage("TR-07", $"the loss is {value} and its gradient {norm} at step {step + 1}; lower --lr or raise --warmup");
        optimizer.Step(step, _learningRate.At(step));
        _lossSum += value;
        _lossCount++;
        return norm;
    }

    private TrainerState KeepBest(TrainerState state, ValidationLoss loss)
    {
        if (loss.PerToken >= state.BestLossPerToken) return state;
        folder.SaveModel(model, "best");
        return state with { BestLossPerToken = loss.PerToken, BestStep = state.Step };
    }
}
