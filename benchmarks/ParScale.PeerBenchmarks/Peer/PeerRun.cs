using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using LLama;
using LLama.Common;
using LLama.Native;

namespace ParScale.PeerBenchmarks.Peer;

/// <summary>
/// Measures llama.cpp in a process of its own. P streams are emulated as cheaply as it allows: one batch with the next token of P
/// sequences, each with its own cache, logits for one of them. It has no prefixes and mixes nothing.
/// </summary>
internal sealed class PeerRun(string model, PeerPlan plan)
{
    private const int TokensApart = 7919, CachePadding = 256;

    /// <summary>Loads the model and measures everything once.</summary>
    public PeerFigures Run()
    {
        // The best build for the processor and no other. Log lines would end up in the figures.
        NativeLibraryConfig.All.WithCuda(false).WithVulkan(false).WithAutoFallback(false).WithLogCallback((_, _) => { });
        if (plan.Avx2) NativeLibraryConfig.All.WithAvx(AvxLevel.Avx2);
        using LLamaWeights weights = LLamaWeights.LoadFromFile(Parameters(1, plan.Prompt));
        Dictionary<int, double[]> steps = plan.Sequences.ToDictionary(count => count, count => Steps(weights, count));
        return new PeerFigures(LoadedLibrary(), Features(), steps, Prompts(weights));
    }

    private double[] Steps(LLamaWeights weights, int sequences)
    {
        using LLamaContext context = weights.CreateContext(Parameters(sequences, plan.Context + 1));
        var batch = new LLamaBatch();
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            batch.Clear();
            for (int i = 0; i < plan.Context; i++) batch.Add(Token(i), i, (LLamaSeqId)sequence, i == plan.Context - 1);
            if (plan.Context > 0) Decode(context, batch);
        }
        batch.Clear();
        for (int sequence = 0; sequence < sequences; sequence++)
            batch.Add(Token(plan.Context), plan.Context, (LLamaSeqId)sequence, sequence == sequences - 1);
        var times = new double[plan.Steps];
        // One step that is not counted.
        for (int step = -1; step < plan.Steps; step++)
        {
            double seconds = Decode(context, batch);
            if (step >= 0) times[step] = seconds * 1e3;
            for (int sequence = 0; sequence < sequences; sequence++)
                context.NativeHandle.MemorySequenceRemove((LLamaSeqId)sequence, plan.Context, -1);
        }
        return times;
    }

    private double[] Prompts(LLamaWeights weights)
    {
        if (plan.Prompt == 0) return [];
        using LLamaContext context = weights.CreateContext(Parameters(1, plan.Prompt));
        var batch = new LLamaBatch();
        for (int i = 0; i < plan.Prompt; i++) batch.Add(Token(i), i, LLamaSeqId.Zero, i == plan.Prompt - 1);
        double rate = plan.Prompt / Decode(context, batch);
        return [rate];
    }

    private ModelParams Parameters(int sequences, int tokens)
    {
        int each = (Math.Max(tokens, 1) + CachePadding - 1) / CachePadding * CachePadding;
        return new ModelParams(model)
        {
            ContextSize = (uint)(each * sequences),
            SeqMax = (uint)sequences,
            // Caches apart, which its documentation recommends for sequences that do not share a prefix.
            KVUnified = false,
            BatchSize = (uint)Math.Max(plan.Prompt, CachePadding),
            UBatchSize = (uint)Math.Max(plan.Prompt, CachePadding),
            Threads = plan.Threads,
            BatchThreads = plan.Threads,
            GpuLayerCount = 0,
            // In memory of its own, as ours, and repacked for the processor where it can be.
            LoadMode = LLamaLoadMode.None,
        };
    }

    private static double Decode(LLamaContext context, LLamaBatch batch)
    {
        long start = Stopwatch.GetTimestamp();
        DecodeResult result = context.NativeHandle.Decode(batch);
        context.NativeHandle.Synchronize();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (result != DecodeResult.Ok) throw new InvalidOperationException($"llama.cpp answered {result}");
        // Of numbers that are none, or all alike, the time would say nothing.
        Span<float> logits = context.NativeHandle.GetLogitsIth(batch.TokenCount - 1);
        if (!TensorPrimitives.IsFiniteAll(logits) || TensorPrimitives.Max(logits) == TensorPrimitives.Min(logits))
            throw new InvalidOperationException("llama.cpp computed no logits");
        return seconds;
    }

    private static LLamaToken Token(int place) => place * TokensApart % 1000;

    // The name of its folder, such as avx2; on systems with one build, that of the system.
    private static string LoadedLibrary()
    {
        using var process = Process.GetCurrentProcess();
        ProcessModule? module = process.Modules.Cast<ProcessModule>().FirstOrDefault(one => Path.GetFileName(one.FileName).Contains("ggml-cpu", StringComparison.Ordinal));
        return Path.GetFileName(Path.GetDirectoryName(module?.FileName)) ?? "unknown";
    }

    private static string Features() => Marshal.PtrToStringUTF8(NativeApi.llama_print_system_info())?.Trim() ?? "";
}
