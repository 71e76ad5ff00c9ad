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
    private readonly Steps _all;
    private readonly Steps? _chosen;
    private List<double> _prompts = [], _plainPrompts = [];

    /// <summary>Takes the row's memory and does everything once, so that nothing is recorded or compiled for the first time later.</summary>
    public DeviceBenchCase(BenchmarkPlan plan, BenchmarkModel model, VulkanForwardPass pass, KvDtype cache, StreamBatch batch, int context)
    {
        (_plan, _model, _cache, _context, Batch) = (plan, model, cache, context, batch);
        _case = new BenchmarkCase(pass, model.Backbone.Config, [.. Sets], cache, context, BenchmarkCase.Room(context, plan.Prompt));
        try
        {
            if (plan.Prompt > 0) _case.Prefill(new int[plan.Prompt]);
            // A context need not be read: what the numbers are does not change the time.
            foreach (DeviceCache filled in _case.Caches.OfType<DeviceCache>()) filled.Clear();
            _all = FirstStep(pass, chooses: false);
            if (pass.CanChoose) _chosen = FirstStep(pass, chooses: true);
        }
        catch
        {
            _case.Dispose();
            throw;
        }
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

    /// <summary>Measures decode steps, after one that is not counted: with the choice on the device and with all logits in turn.</summary>
    public void Decode(int count)
    {
        for (int i = 0; i <= count; i++)
        {
            foreach ((Steps? steps, bool chooses) in (ReadOnlySpan<(Steps?, bool)>)[(_all, false), (_chosen, true)])
            {
                if (steps is null) continue;
                double milliseconds = Step(chooses);
                if (i > 0) steps.Milliseconds.Add(milliseconds);
            }
        }
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
        // As requests have it whose sampling the likeliest tokens do for.
        bool chooses = _chosen is not null && (long)Batch.Streams.Count * _model.Backbone.Config.VocabularySize >= VulkanForwardPass.UsualLikeliestFrom;
        Steps steps = chooses ? _chosen! : _all;
        var decode = Spread.Of(steps.Milliseconds);
        double all = Spread.Of(_all.Milliseconds).Median;
        double? chosen = _chosen is null ? null : Spread.Of(_chosen.Milliseconds).Median;
        Spread? prefill = Speeds(_prompts), plain = Speeds(_plainPrompts);
        long weights = steps.Totals.WeightBytes;
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
            Dispatches = steps.Totals.Dispatches,
            Barriers = steps.Totals.Barriers,
            Chooses = chooses,
            ChosenMs = chosen,
            ChosenHostBytes = _chosen?.Totals.HostBytes,
            AllLogitsMs = all,
            AllLogitsHostBytes = _all.Totals.HostBytes,
            ChoiceRatio = chosen / all,
            DispatchMs = steps.Totals.Dispatches * dispatch * 1e3,
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

    private Steps FirstStep(VulkanForwardPass pass, bool chooses)
    {
        Step(chooses);
        // The one that ran last.
        return new Steps(RecordingTotals.Of([.. pass.Recorded[^1].Parts.SelectMany(part => part.Log)]), []);
    }

    private double Step(bool chooses)
    {
        _case.LikeliestDo = chooses;
        return _case.Step();
    }

    private Spread? Speeds(List<double> prompts) => prompts.Count == 0 ? null : Spread.Of([.. prompts.Select(seconds => _plan.Prompt / seconds)]);

    /// <summary>Steps that end in one way.</summary>
    private sealed record Steps(RecordingTotals Totals, List<double> Milliseconds);
}
