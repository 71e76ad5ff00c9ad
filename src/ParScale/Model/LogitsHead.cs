using ParScale.Kernels.Memory;
using ParScale.Kernels.Ops;
using ParScale.Kernels.Threads;

namespace ParScale.Model;

/// <summary>One mixed state [H] to the logits [V] of the next token; one call whatever P is.</summary>
internal static class LogitsHead
{
    public static ReadOnlySpan<float> Run(WeightMatrix head, ReadOnlySpan<float> mixed, Span<float> logits, WorkerPool pool)
    {
        MatMul.Run(head, mixed, 1, [], logits, pool);
        return logits;
    }
}
