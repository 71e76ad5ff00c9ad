using ParScale.Benchmarking;
using ParScale.Kernels.Formats;
using ParScale.Model;
using ParScale.Vulkan.Passes;
using ParScale.Vulkan.Runtime;

namespace ParScale.Cli.DeviceBench;

/// <summary>One row on a device, as its measurements come in.</summary>
internal sealed class DeviceBenchCase : IDisposable
{
    private readonly BenchmarkPlan _plan;
    private readonly BenchmarkModel _model;
    private readonly KvDtype _cache;
    private readonly int _context;
    private readonly BenchmarkCase _case;
    private readonly RecordingTotals _step;
    private readonly List<double> _steps = [];
    private List<double> _prompts = [], _plainPrompts = [];

    /// <summary>Takes the row's memory and does everything once, so that nothing is recorded or compiled for the first time later.</summary>
    public DeviceBenchCase(BenchmarkPlan plan, BenchmarkModel model, VulkanForwardPass pass, KvDtype cache, StreamBatch batch, int context)
    {
        (_plan, _model, _cache, _context, Batch) = (plan, model, cache, context, batch);
        _case = new BenchmarkCase(pass, model.Backbone.Config, [.. Sets], cache, context, BenchmarkCase.Room(context, plan.Prompt));
        try
        {
            if (plan.Prompt > 0) _case.Prefill(new int[plan.Prompt]);
            _case.Step();
        }
        catch
        {
            _case.Dispose();
            throw;
        }
        // The one that ran last.
        _step = RecordingTotals.Of([.. pass.Recorded[^1].Parts.SelectMany(part => part.Log)]);
    }

    /// <summary>The sequences of a step.</summary>
    public StreamBatch Batch { get; }

    /// <summary>Rows of a step.</summary>
    public int Rows => Batch.Rows;

    /// <summary>How long prompts took so far.</summary>
    public TimeSpan PromptTime => TimeSpan.FromSeconds(_prompts.Sum());

    /// <summary>The same of those without matrices.</summary>
    public TimeSpan PlainPromptTime => TimeSpan.FromSeconds(_plainPrompts.Sum());

    private IEnumerable<StreamSet> Sets => Batch.Streams.Select(streams => _model.Set(streams, Batch.Anchored, _cache));

    /// <summary>Measures decode steps, after one that is not counted.</summary>
    public void Decode(int count)
    {
        _case.Step();
        for (int i = 0; i < count; i++) _steps.Add(_case.Step());
    }

    /// <summary>Measures a prompt.</summary>
    public void ReadPrompt(ReadOnlySpan<int> tokens) => _prompts.Add(_case.Prefill(tokens));

    /// <summary>Measures a prompt where the device was told to use no matrices, after one that is not counted.</summary>
    public void ReadPlainPrompt(ReadOnlySpan<int> tokens)
    {
        if (_plainPrompts.Count == 0) _case.Prefill(tokens);
        _plainPrompts.Add(_case.Prefill(tokens));
    }

    /// <summary>Takes the prompts that another row of the same sequences read.</summary>
    public void TakePrompts(DeviceBenchCase other) => (_prompts, _plainPrompts) = (other._prompts, other._plainPrompts);

    /// <summary>The row's figures, beside what the device does: bytes a second of reading, seconds of a dispatch.</summary>
    public DeviceBenchRow Row(double read, double dispatch)
    {
        var decode = Spread.Of(_steps);
        Spread? prefill = Speeds(_prompts), plain = Speeds(_plainPrompts);
        long weights = _step.WeightBytes;
        long keys = BenchmarkCase.CacheBytes(_plan, Batch, _cache, _context);
        double floor = weights / read * 1e3;
        return new DeviceBenchRow
        {
            Model = _plan.Name,
            Dtype = _model.Backbone.Type.ToString().ToLowerInvariant(),
            Kv = _cache.ToString().ToLowerInvariant(),
            Streams = Batch.Rows,
            Batch = Batch.Name,
            TokensS = Batch.Streams.Count / decode.Median * 1e3,
            Context = _context,
            DecodeMs = decode.Median,
            DecodeMeanMs = decode.Mean,
            DecodeSdMs = decode.Deviation,
            DecodeMinMs = decode.Least,
            DecodeSteps = decode.Count,
            StepBytes = weights,
            ReachedGbS = weights / decode.Median / 1e6,
            ReadGbS = read / 1e9,
            FloorMs = floor,
            Ratio = decode.Median / floor,
            KvStepBytes = keys,
            KvFloorMs = keys / read * 1e3,
            Dispatches = _step.Dispatches,
            Barriers = _step.Barriers,
            DispatchMs = _step.Dispatches * dispatch * 1e3,
            Prompt = _plan.Prompt,
            PrefillTokensS = prefill?.Median,
            PrefillTokensSSd = prefill?.Deviation,
            PrefillRuns = prefill?.Count,
            PrefillWithoutMatricesTokensS = plain?.Median,
            WeightBytes = WeightCost.Bytes(_model.Backbone) + Sets.Distinct().Sum(set => set.Aggregator?.Bytes ?? 0),
            KvBytes = BenchmarkCase.CacheBytes(_plan, Batch, _cache, BenchmarkCase.Room(_context, _plan.Prompt)),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _case.Dispose();

    private Spread? Speeds(List<double> prompts) => prompts.Count == 0 ? null : Spread.Of([.. prompts.Select(seconds => _plan.Prompt / seconds)]);
}
