using ParScale.Kernels.MatMul;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Threads;

namespace ParScale.Model;

/// <summary>Mixed states [n, H] to the logits [n, V] of the next tokens; one row per token whatever P is.</summary>
internal static class LogitsHead
{
    public static ReadOnlySpan<float> Run(WeightMatrix head, ReadOnlySpan<float> mixed, int rows, Span<float> logits, ModelState state, WorkerPool pool)
    {
        Linear.Run(head, mixed, rows, [], logits, pool, state.Rounded);
        return logits;
    }
}
