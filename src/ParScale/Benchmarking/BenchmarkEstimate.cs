using ParScale.Kernels.Formats;
using ParScale.Model;

namespace ParScale.Benchmarking;

/// <summary>
/// What a plan needs, before anything of it is done: memory, and time by the speeds of an ordinary machine. Only the shares of
/// the time matter; they tell how far a run is.
/// </summary>
internal sealed class BenchmarkEstimate(BenchmarkPlan plan)
{
    private const double BytesMadePerSecond = 1e9, BytesReadPerSecond = 2e10, ProductsPerSecond = 2e11;

    // A step with many streams costs more than its weights' reading.
    private const double CostOfStream = 0.05;

    private double _done;

    /// <summary>Done so far, 0 to 1.</summary>
    public double Share => Math.Min(1, _done / plan.Types.Sum(TotalSeconds));

    /// <summary>Bytes of the weights of one type with the most streams.</summary>
    public long WeightBytes(WeightDtype? type) => RandomWeights.BytesFor(plan.ConfigFor(plan.Batches.Max(batch => batch.Streams.Max())), type ?? WeightDtype.F32);

    /// <summary>Bytes of the caches of all rows of a type, which exist side by side.</summary>
    public long CacheBytes(WeightDtype? type) => plan.Caches.Sum(cache => plan.Batches.Sum(batch => plan.Contexts.Sum(context =>
        BenchmarkCase.CacheBytes(plan, batch, cache ?? KvCache.DefaultType(type ?? WeightDtype.F32), BenchmarkCase.Room(context, plan.Prompt)))));

    /// <summary>Refuses what this machine cannot hold; keys and values count unless a device of its own keeps them.</summary>
    /// <exception cref="ParScaleException">BE-01.</exception>
    public void RequireMemory(long availableBytes, long bufferBytes, bool cachesOnHost = true)
    {
        // A checkpoint is checked when it is loaded, by the types that it holds.
        long weights = plan.Folder is null ? plan.Types.Max(WeightBytes) : 0, caches = cachesOnHost ? plan.Types.Max(CacheBytes) : 0;
        long needed = weights + caches + bufferBytes;
        if (needed <= availableBytes) return;
        throw new ParScaleException(ErrorKind.NotEnoughMemory, "BE-01",
            $"{plan.Name} needs {needed >> 20} MiB: {weights >> 20} for weights, {caches >> 20} for caches, {bufferBytes >> 20} to measure reading; "
            + $"the machine has {availableBytes >> 20}; take a narrower --dtype, a smaller shape, or shorter lists");
    }

    /// <summary>The weights of a type were made.</summary>
    public void MadeWeights(WeightDtype? type) => _done += WeightSeconds(type);

    /// <summary>A number of decode steps were done.</summary>
    public void DidSteps(WeightDtype? type, int rows, int count) => _done += count * StepSeconds(type, rows);

    /// <summary>A prompt was read.</summary>
    public void DidPrompt(int rows) => _done += PromptSeconds(rows);

    private double TotalSeconds(WeightDtype? type) => WeightSeconds(type) + plan.Batches.Sum(batch =>
        StepsInAll * StepSeconds(type, batch.Rows) + (plan.Prompt == 0 ? 0 : plan.Caches.Count * PromptSeconds(batch.Rows) * Math.Min(plan.Repetitions, PromptsWithin(batch.Rows))));

    private int StepsInAll => plan.Contexts.Count * plan.Caches.Count * plan.Repetitions * plan.Steps;

    private int PromptsWithin(int rows) => Math.Max(1, (int)Math.Ceiling(BenchmarkRun.PromptTime.TotalSeconds / PromptSeconds(rows)));

    private double WeightSeconds(WeightDtype? type) => WeightBytes(type) / BytesMadePerSecond;

    private double StepSeconds(WeightDtype? type, int rows) => WeightBytes(type) / BytesReadPerSecond * (1 + CostOfStream * rows);

    private double PromptSeconds(int rows) => (double)plan.Prompt * rows * plan.Shape.Parameters / ProductsPerSecond;
}
