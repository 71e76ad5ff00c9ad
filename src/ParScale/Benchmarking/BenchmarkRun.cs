using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;

namespace ParScale.Benchmarking;

/// <summary>
/// Measures a plan. Types follow each other, because two may not fit into memory; within a type all rows take turns, with a
/// measurement of the machine before each, so that a busy minute on a shared machine falls on all of them.
/// </summary>
internal sealed class BenchmarkRun(BenchmarkPlan plan, IProgress<double>? progress, CancellationToken cancellation) : IDisposable
{
    /// <summary>A prompt with many streams takes a minute; it is repeated only until this time is over.</summary>
    public static readonly TimeSpan PromptTime = TimeSpan.FromSeconds(20);

    // Enough to be no figure of the caches, which hold tens of megabytes, hundreds on large servers.
    private const long ReadBytes = 1L << 30, ReadBytesOfSmallModels = 256L << 20;

    private readonly WorkerPool _pool = new(plan.Threads);
    private readonly BenchmarkEstimate _estimate = new(plan);

    /// <summary>Does it all.</summary>
    /// <exception cref="ParScaleException">It would not fit into memory, the checkpoint is damaged, or the tier asked for is not here.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public BenchmarkResult Run()
    {
        TierChoice.Apply(null);
        long readBytes = plan.Types.Max(_estimate.WeightBytes) < ReadBytesOfSmallModels ? ReadBytesOfSmallModels : ReadBytes;
        _estimate.RequireMemory(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, readBytes);
        using var floors = new MachineFloors(_pool, readBytes);
        var rows = new List<BenchmarkRow>();
        foreach (WeightDtype? type in plan.Types) rows.AddRange(RunType(type, floors));
        return new BenchmarkResult(floors.Read, floors.Int8, floors.Float32, floors.Products, rows);
    }

    /// <inheritdoc/>
    public void Dispose() => _pool.Dispose();

    private List<BenchmarkRow> RunType(WeightDtype? type, MachineFloors floors)
    {
        using var model = new BenchmarkModel(plan, type);
        List<RowMeasurement> rows = [.. from cache in plan.Caches from batch in plan.Batches from context in plan.Contexts
                                        select new RowMeasurement(plan, model, cache, batch, context)];
        _estimate.MadeWeights(type);
        Report();

        try
        {
            foreach (RowMeasurement row in rows) row.Weigh(_pool, model.Bytes + floors.BufferBytes);
            foreach (RowMeasurement row in rows) row.Load(_pool);
            floors.Begin(rows.SelectMany(row => row.Kernels));
            MeasureSteps(type, rows, floors);
            Dictionary<(KvDtype, string), List<double>> prompts = ReadPrompts(rows, floors);
            return [.. rows.Select(row => row.Row(floors, prompts[row.PromptKey]))];
        }
        finally
        {
            foreach (RowMeasurement row in rows) row.Dispose();
        }
    }

    private void MeasureSteps(WeightDtype? type, List<RowMeasurement> rows, MachineFloors floors)
    {
        for (int round = 0; round < plan.Repetitions; round++)
        {
            foreach (RowMeasurement row in rows)
            {
                floors.Measure();
                row.Decode(plan.Steps);
                _estimate.DidSteps(type, row.Rows, plan.Steps);
                Report();
            }
        }
    }

    // Seconds of every prompt, by what makes prompts differ.
    private Dictionary<(KvDtype, string), List<double>> ReadPrompts(List<RowMeasurement> rows, MachineFloors floors)
    {
        RowMeasurement[] readers = [.. rows.DistinctBy(row => row.PromptKey)];
        Dictionary<(KvDtype, string), List<double>> seconds = readers.ToDictionary(row => row.PromptKey, _ => new List<double>());
        if (plan.Prompt == 0) return seconds;
        int[] tokens = plan.PromptTokens;
        for (int round = 0; round < plan.Repetitions; round++)
        {
            foreach (RowMeasurement row in readers)
            {
                List<double> known = seconds[row.PromptKey];
                if (known.Sum() > PromptTime.TotalSeconds) continue;
                floors.Measure();
                known.Add(row.ReadPrompt(tokens));
                _estimate.DidPrompt(row.Rows);
                Report();
            }
        }
        return seconds;
    }

    private void Report()
    {
        cancellation.ThrowIfCancellationRequested();
        progress?.Report(_estimate.Share);
    }
}
