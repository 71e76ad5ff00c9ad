using System.Diagnostics;
using ParScale.Benchmarking;
using ParScale.Kernels.Formats;
using ParScale.Model;
using ParScale.Vulkan;
using ParScale.Vulkan.Passes;
using ParScale.Vulkan.Runtime;

namespace ParScale.Cli.DeviceBench;

/// <summary>
/// Measures a plan on a Vulkan device. As on the CPU types follow each other, the rows of a type take turns, and the device itself is measured
/// before each.
/// </summary>
internal sealed class DeviceBenchRun(BenchmarkPlan plan, VulkanComputeDevice device, IProgress<double>? progress, CancellationToken cancellation)
{
    private readonly BenchmarkEstimate _estimate = new(plan);
    private readonly List<double> _reads = [], _dispatches = [], _submits = [];

    /// <summary>Does it all.</summary>
    /// <exception cref="ParScaleException">The device cannot run the model, or has no memory for it.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public DeviceBenchResult Run()
    {
        device.Require(plan.Model);
        _estimate.RequireMemory(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, bufferBytes: 0, cachesOnHost: false);
        long start = Stopwatch.GetTimestamp();
        using var opened = new OpenedDevice(device.Described);
        TimeSpan open = Stopwatch.GetElapsedTime(start);
        var rows = new List<DeviceBenchRow>();
        foreach (WeightDtype? type in plan.Types)
        {
            using var model = new BenchmarkModel(plan, type);
            _estimate.MadeWeights(type);
            foreach (KvDtype? cache in plan.Caches) rows.AddRange(RunType(type, model, cache ?? KvCache.DefaultType(model.Backbone.Type), opened));
        }
        return new DeviceBenchResult(
            DeviceBenchDevice.Of(opened.Device, new DeviceBenchSpeed(Spread.Of(_reads), Spread.Of(_dispatches), Spread.Of(_submits)), open),
            new Bench.BenchModelInfo(plan.Name, plan.ConfigFor(plan.Batches.Max(batch => batch.Streams.Max())).Parameters, plan.Folder is null), rows);
    }

    private List<DeviceBenchRow> RunType(WeightDtype? type, BenchmarkModel model, KvDtype cache, OpenedDevice opened)
    {
        StreamSet[] sets = [.. plan.Batches.SelectMany(batch => batch.Streams.Select(streams => model.Set(streams, batch.Anchored, cache))).Distinct()];
        using VulkanForwardPass pass = opened.NewPass(model.Backbone, sets, cache);
        // Rows say which of their steps choose on the device.
        pass.LikeliestFrom = 0;
        using var speed = new DeviceSpeed(opened.Device);
        List<DeviceBenchCase> cases = [];
        try
        {
            foreach (StreamBatch batch in plan.Batches)
                foreach (int context in plan.Contexts) cases.Add(new DeviceBenchCase(plan, model, pass, cache, batch, context));
            int first = _reads.Count;
            for (int round = 0; round < plan.Repetitions; round++)
            {
                foreach (DeviceBenchCase one in cases)
                {
                    MeasureDevice(speed);
                    one.Decode(plan.Steps);
                    _estimate.DidSteps(type, one.Rows, plan.Steps);
                    Report();
                }
            }
            DeviceBenchCase[] readers = [.. cases.DistinctBy(one => one.Batch)];
            ReadPrompts(readers, speed);
            if (model.Backbone.Type is WeightDtype.Q8 or WeightDtype.Q4) ReadPlainPrompts(readers, opened.Device, pass);
            // A prompt is read alike whatever the context of the row.
            foreach (DeviceBenchCase one in cases) one.TakePrompts(readers.First(reader => reader.Batch == one.Batch));
            double read = Spread.Of(_reads[first..]).Median, dispatch = Spread.Of(_dispatches[first..]).Median;
            return [.. cases.Select(one => one.Row(read, dispatch))];
        }
        finally
        {
            foreach (DeviceBenchCase one in cases) one.Dispose();
        }
    }

    private void ReadPrompts(DeviceBenchCase[] readers, DeviceSpeed speed)
    {
        if (plan.Prompt == 0) return;
        int[] tokens = plan.PromptTokens;
        for (int round = 0; round < plan.Repetitions; round++)
        {
            foreach (DeviceBenchCase one in readers)
            {
                if (one.PromptTime > BenchmarkRun.PromptTime) continue;
                MeasureDevice(speed);
                one.ReadPrompt(tokens);
                _estimate.DidPrompt(one.Rows);
                Report();
            }
        }
    }

    // Prompts once more without the device's matrices, where they use them.
    private void ReadPlainPrompts(DeviceBenchCase[] readers, VulkanDevice used, VulkanForwardPass pass)
    {
        if (plan.Prompt == 0 || used.Matrices is not { } matrices) return;
        int[] tokens = plan.PromptTokens;
        used.Matrices = null;
        pass.Forget();
        for (int round = 0; round < plan.Repetitions; round++)
        {
            foreach (DeviceBenchCase one in readers)
            {
                if (one.PlainPromptTime > BenchmarkRun.PromptTime) continue;
                one.ReadPlainPrompt(tokens);
                Report();
            }
        }
        used.Matrices = matrices;
        pass.Forget();
    }

    private void MeasureDevice(DeviceSpeed speed)
    {
        _reads.Add(speed.MeasureRead());
        _dispatches.Add(speed.MeasureDispatch());
        _submits.Add(speed.MeasureSubmit());
    }

    private void Report()
    {
        cancellation.ThrowIfCancellationRequested();
        progress?.Report(_estimate.Share);
    }
}
