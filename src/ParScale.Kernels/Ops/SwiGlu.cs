using System.Numerics;
using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Ops;

/// <summary>y = silu(gate) * up with silu(x) = x / (1 + exp(-x)).</summary>
internal static partial class SwiGlu
{
    /// <summary>Element by element; all spans of one length. y may be gate or up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(up.Length, gate.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, gate.Length);
        int i = 0;
        for (; i <= gate.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var x = new Vector<float>(gate[i..]);
            Vector<float> silu = x / (Vector<float>.One + Vector.Exp(-x));
            (silu * new Vector<float>(up[i..])).CopyTo(y[i..]);
        }
        for (; i < gate.Length; i++) y[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
    }

    /// <summary>silu alone, in place.</summary>
    public static void Silu(Span<float> x)
    {
        foreach (ref float value in x) value /= 1 + MathF.Exp(-value);
    }
}
