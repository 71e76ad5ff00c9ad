using ParScale.Configuration;
using ParScale.Text;
using ParScale.Training.Configuration;
using ParScale.Training.Evaluation;
using ParScale.Training.Modules;
using ParScale.Training.Runs;
using static TorchSharp.torch;

namespace ParScale.Training.Reporting;

/// <summary>
/// Everything a run tells while it trains: <c>log.jsonl</c>, <c>tensorboard/</c>, <c>curves.svg</c>, the line on the console, and texts that
/// the model writes.
/// </summary>
internal sealed class RunReports : IDisposable
{
    private readonly StepLines _log;
    private readonly EventLog _events;
    private readonly CurvesFile _curves;
    private readonly StepLines? _samples;
    private readonly SampleWriter? _sampleWriter;
    private readonly string _skippedPath;
    private readonly ProgressLine _progress;
    private readonly long _steps;
    private readonly double _flopsPerToken;
    private readonly double _matrixRate;
    private StepLines? _skipped;
    private (double Tokens, double Seconds) _trained;
    private long _reported;

    /// <summary>Opens the files in <paramref name="folder"/> for a run that stands at <paramref name="start"/>, and measures the machine.</summary>
    public RunReports(string folder, CheckpointConfig config, TrainerState start, Device device, SampleOptions? samples, Tokenizer tokenizer)
    {
        TrainingOptions options = start.Options;
        _reported = start.Pending ? start.Step - 1 : start.Step;
        _log = new StepLines(Path.Combine(folder, "log.jsonl"), _reported, options);
        _events = new EventLog(Path.Combine(folder, "tensorboard"), _reported);
        _curves = new CurvesFile(folder);
        _skippedPath = Path.Combine(folder, "skipped.jsonl");
        if (File.Exists(_skippedPath)) _skipped = new StepLines(_skippedPath, start.Step);
        if (samples is not null)
        {
            _sampleWriter = new SampleWriter(tokenizer, samples, options.Context);
            _samples = new StepLines(Path.Combine(folder, "samples.jsonl"), _reported);
        }
        _steps = options.Steps;
        _progress = new ProgressLine(_steps);
        _flopsPerToken = ModelWork.TrainingPerToken(config, options.Context, options.Train == TrainedSet.Streams);
        // The other processes of the run, which wait meanwhile, are as fast.
        _matrixRate = options.Processes * MatrixRate.Measure(options.Compute.InTorch(), device);
    }

    /// <summary>The speed over all rows so far; null before the first.</summary>
    public RunSpeed? Speed => _trained.Seconds > 0 ? SpeedOf(_trained.Tokens / _trained.Seconds) : null;

    /// <summary>Writes one row everywhere. At an evaluation, <paramref name="model"/> also writes its sample.</summary>
    public void Write(LogRow row, ParScaleLm model)
    {
        LogRow full = row with
        {
            ShareOfPeak = Math.Round(SpeedOf(row.TokensPerSecond).ShareOfPeak, 5),
            MemoryBytes = Environment.WorkingSet,
            LiveTensors = Tensor.TotalCount,
        };
        _log.Write(full);
        _events.Write(full);
        _progress.Show(full);
        Count(row);
        if (row.ValLossPerToken is null) return;
        _curves.Refresh(atEnd: row.Step == _steps);
        if (_sampleWriter is null) return;
        SampleRow sample = _sampleWriter.Write(model, row.Step);
        _samples?.Write(sample);
        ProgressLine.Show(sample);
    }

    /// <summary>Tells of a step that changed nothing.</summary>
    public void Skip(SkippedStep step)
    {
        // Few runs ever need the file.
        _skipped ??= new StepLines(_skippedPath, step.Step);
        _skipped.Write(step);
        Console.Error.WriteLine($"note: {step}");
    }

    public void Dispose()
    {
        _log.Dispose();
        _events.Dispose();
        _skipped?.Dispose();
        _samples?.Dispose();
    }

    private void Count(LogRow row)
    {
        double tokens = (row.Step - _reported) * (double)row.Tokens / row.Step;
        _reported = row.Step;
        if (row.TokensPerSecond > 0) _trained = (_trained.Tokens + tokens, _trained.Seconds + tokens / row.TokensPerSecond);
    }

    private RunSpeed SpeedOf(double tokensPerSecond) =>
        new(Math.Round(tokensPerSecond, 1), _flopsPerToken, Math.Round(_matrixRate), tokensPerSecond * _flopsPerToken / _matrixRate);
}
