using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;

namespace ParScale.Benchmarking;

/// <summary>What is measured of one row, as it comes in.</summary>
internal sealed class RowMeasurement(BenchmarkPlan plan, BenchmarkModel model, KvDtype? cache, StreamBatch batch, int context) : IDisposable
{
    private readonly KvDtype _cache = cache ?? KvCache.DefaultType(model.Backbone.Type);
    private readonly List<double> _steps = [];
    private ForwardPass? _forward;
    private BenchmarkCase? _case;
    private long _otherBytes;

    /// <summary>Rows of a step.</summary>
    public int Rows => batch.Rows;

    /// <summary>Rows with the same key read a prompt alike, whatever their context.</summary>
    public (KvDtype Cache, string Batch) PromptKey => (_cache, batch.Name);

    /// <summary>The product kernels that the row uses.</summary>
    public IEnumerable<ProductCase> Kernels => plan.Prompt == 0 ? StepProducts.Keys : StepProducts.Keys.Append(PromptKernel);

    private BenchmarkCase Case => _case ?? throw new InvalidOperationException("the row has no memory yet");

    /// <summary>Loads this row alone, does what it will do, and sees what the process holds beside <paramref name="known"/> bytes.</summary>
    public void Weigh(WorkerPool pool, long known)
    {
        // Without the remains of the rows before.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Load(pool);
        _otherBytes = Math.Max(0, Environment.WorkingSet - known - CacheBytes(Room));
        Dispose();
    }

    /// <summary>Takes the row's memory, and does everything once so that nothing is compiled or touched for the first time later.</summary>
    public void Load(WorkerPool pool)
    {
        _forward = new ForwardPass(model.Backbone, pool);
        _case = new BenchmarkCase(_forward, model.Backbone.Config, [.. Sets], _cache, context, Room);
        _case.WarmUp(plan.Prompt);
    }

    /// <summary>Measures decode steps, after one that is not counted: the caches hold what another row left there.</summary>
    public void Decode(int count)
    {
        Case.Step();
        for (int i = 0; i < count; i++) _steps.Add(Case.Step());
    }

    /// <summary>Reads a prompt. Returns seconds.</summary>
    public double ReadPrompt(ReadOnlySpan<int> tokens) => Case.Prefill(tokens);

    /// <summary>The row's figures. <paramref name="promptSeconds"/>: how long each prompt took, whatever the row's context.</summary>
    public BenchmarkRow Row(MachineFloors floors, IReadOnlyList<double> promptSeconds)
    {
        Backbone backbone = model.Backbone;
        double products = Sets.Sum(set => WeightCost.PromptTokenProducts(backbone, set))
            + (plan.Prompt == 0 ? 0 : batch.Streams.Count * WeightCost.HeadProducts(backbone) / plan.Prompt);
        double rate = WeightFormats.IsQuantized(backbone.Type) ? floors.Int8.Median : floors.Float32.Median;
        Spread? prefill = promptSeconds.Count == 0 ? null : Spread.Of([.. promptSeconds.Select(seconds => plan.Prompt / seconds)]);
        return new BenchmarkRow
        {
            Type = backbone.Type,
            Cache = _cache,
            Batch = batch,
            Context = context,
            Decode = Spread.Of(_steps),
            Read = floors.ReadLately,
            Experts = Case.Experts,
            StepBytes = WeightCost.StepBytes(backbone) + Case.Experts.StepBytes + Sets.Distinct().Sum(set => set.Aggregator?.Bytes ?? 0),
            StepCacheBytes = CacheBytes(context),
            ProductFloorMs = StepProducts.Sum(part => part.Value / floors.ProductRate(part.Key)) * 1e3,
            Products = StepProducts.Values.Sum(),
            Prefill = prefill,
            PrefillShare = prefill?.Median * products / rate,
            PrefillProductShare = prefill is { } speed ? speed.Median * products / floors.ProductRate(PromptKernel) : null,
            WeightBytes = WeightCost.Bytes(backbone) + Sets.Distinct().Sum(set => set.Aggregator?.Bytes ?? 0),
            CacheBytes = CacheBytes(Room),
            OtherBytes = _otherBytes,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _case?.Dispose();
        _forward?.Dispose();
        (_case, _forward) = (null, null);
    }

    private IEnumerable<StreamSet> Sets => batch.Streams.Select(streams => model.Set(streams, batch.Anchored, _cache));

    private IReadOnlyDictionary<ProductCase, double> StepProducts => WeightCost.StepProducts(model.Backbone, [.. Sets]);

    // The rows of a pass: P for each token that it takes.
    private ProductCase PromptKernel => ProductCase.Of(model.Backbone.Type, BenchmarkCase.PromptRows(plan, batch));

    private int Room => BenchmarkCase.Room(context, plan.Prompt);

    private long CacheBytes(int tokens) => BenchmarkCase.CacheBytes(plan, batch, _cache, tokens);
}
