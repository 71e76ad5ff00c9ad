using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.Formats;

namespace ParScale.Kernels.MatMul.Tiers;

/// <content>The passes over one group of values: sums in registers, then the scales.</content>
internal sealed unsafe partial class VectorKernel<TBytes, TNibbles, TVector>
{
    // Two vectors of outputs by four rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four<TStep>(byte* w, ushort* scales, sbyte* x, ActivationGroup* groups, float* y, byte* ahead, nint aheadStep)
        where TStep : struct, IProductStep<TVector>
    {
        TVector a0 = TStep.Start(groups[0].Start), a1 = TStep.Start(groups[1].Start);
        TVector a2 = TStep.Start(groups[2].Start), a3 = TStep.Start(groups[3].Start);
        TVector b0 = a0, b1 = a1, b2 = a2, b3 = a3;
        for (int done = 0; done < TStep.Steps; done += TStep.StepsOfSum)
        {
            TVector c0 = default, c1 = default, c2 = default, c3 = default, d0 = default, d1 = default, d2 = default, d3 = default;
            for (int step = TStep.StepsOfSum; step > 0; step--)
            {
                Ask(ahead, 2 * TStep.Lanes);
                TStep.Load(w, out TVector p, out TVector nextP);
                TStep.Load(w + TStep.Lanes * 4, out TVector q, out TVector nextQ);
                AddTwo<TStep>(p, q, x, ref c0, ref d0);
                AddTwo<TStep>(p, q, x + TStep.RowBytes, ref c1, ref d1);
                AddTwo<TStep>(p, q, x + 2 * TStep.RowBytes, ref c2, ref d2);
                AddTwo<TStep>(p, q, x + 3 * TStep.RowBytes, ref c3, ref d3);
                if (TStep.Words == 2)
                {
                    AddTwo<TStep>(nextP, nextQ, x + TStep.WordBytes, ref c0, ref d0);
                    AddTwo<TStep>(nextP, nextQ, x + TStep.WordBytes + TStep.RowBytes, ref c1, ref d1);
                    AddTwo<TStep>(nextP, nextQ, x + TStep.WordBytes + 2 * TStep.RowBytes, ref c2, ref d2);
                    AddTwo<TStep>(nextP, nextQ, x + TStep.WordBytes + 3 * TStep.RowBytes, ref c3, ref d3);
                }
                w += QuantizedLayout.StepBytes;
                x += TStep.StepBytes;
                ahead += aheadStep;
            }
            (a0, a1, a2, a3) = (TStep.AddSum(a0, c0), TStep.AddSum(a1, c1), TStep.AddSum(a2, c2), TStep.AddSum(a3, c3));
            (b0, b1, b2, b3) = (TStep.AddSum(b0, d0), TStep.AddSum(b1, d1), TStep.AddSum(b2, d2), TStep.AddSum(b3, d3));
        }
        StoreTwo<TStep>(a0, b0, scales, groups[0].Scale, y);
        StoreTwo<TStep>(a1, b1, scales, groups[1].Scale, y + TileRows);
        StoreTwo<TStep>(a2, b2, scales, groups[2].Scale, y + 2 * TileRows);
        StoreTwo<TStep>(a3, b3, scales, groups[3].Scale, y + 3 * TileRows);
    }

    // Four vectors of outputs by two rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two<TStep>(byte* w, ushort* scales, sbyte* x, ActivationGroup* groups, float* y, byte* ahead, nint aheadStep)
        where TStep : struct, IProductStep<TVector>
    {
        TVector a0 = TStep.Start(groups[0].Start), b0 = TStep.Start(groups[1].Start);
        TVector a1 = a0, a2 = a0, a3 = a0, b1 = b0, b2 = b0, b3 = b0;
        for (int done = 0; done < TStep.Steps; done += TStep.StepsOfSum)
        {
            TVector c0 = default, c1 = default, c2 = default, c3 = default, d0 = default, d1 = default, d2 = default, d3 = default;
            for (int step = TStep.StepsOfSum; step > 0; step--)
            {
                Ask(ahead, 4 * TStep.Lanes);
                TVector p = TStep.Broadcast(x), q = TStep.Broadcast(x + TStep.RowBytes), nextP = default, nextQ = default;
                if (TStep.Words == 2) (nextP, nextQ) = (TStep.Broadcast(x + TStep.WordBytes), TStep.Broadcast(x + TStep.WordBytes + TStep.RowBytes));
                AddVector<TStep>(w, p, nextP, q, nextQ, ref c0, ref d0);
                AddVector<TStep>(w + TStep.Lanes * 4, p, nextP, q, nextQ, ref c1, ref d1);
                AddVector<TStep>(w + TStep.Lanes * 8, p, nextP, q, nextQ, ref c2, ref d2);
                AddVector<TStep>(w + TStep.Lanes * 12, p, nextP, q, nextQ, ref c3, ref d3);
                w += QuantizedLayout.StepBytes;
                x += TStep.StepBytes;
                ahead += aheadStep;
            }
            (a0, a1, a2, a3) = (TStep.AddSum(a0, c0), TStep.AddSum(a1, c1), TStep.AddSum(a2, c2), TStep.AddSum(a3, c3));
            (b0, b1, b2, b3) = (TStep.AddSum(b0, d0), TStep.AddSum(b1, d1), TStep.AddSum(b2, d2), TStep.AddSum(b3, d3));
        }
        StoreTwo<TStep>(a0, a1, scales, groups[0].Scale, y);
        StoreTwo<TStep>(a2, a3, scales + 2 * TStep.Lanes, groups[0].Scale, y + 2 * TStep.Lanes);
        StoreTwo<TStep>(b0, b1, scales, groups[1].Scale, y + TileRows);
        StoreTwo<TStep>(b2, b3, scales + 2 * TStep.Lanes, groups[1].Scale, y + TileRows + 2 * TStep.Lanes);
    }

    // Four vectors of outputs by one row.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TStep>(byte* w, ushort* scales, sbyte* x, ActivationGroup* groups, float* y, byte* ahead, nint aheadStep)
        where TStep : struct, IProductStep<TVector>
    {
        TVector a0 = TStep.Start(groups[0].Start), a1 = a0, a2 = a0, a3 = a0;
        for (int done = 0; done < TStep.Steps; done += TStep.StepsOfSum)
        {
            TVector c0 = default, c1 = default, c2 = default, c3 = default;
            for (int step = TStep.StepsOfSum; step > 0; step--)
            {
                Ask(ahead, 4 * TStep.Lanes);
                TVector p = TStep.Broadcast(x), nextP = default;
                if (TStep.Words == 2) nextP = TStep.Broadcast(x + TStep.WordBytes);
                AddVector<TStep>(w, p, nextP, ref c0);
                AddVector<TStep>(w + TStep.Lanes * 4, p, nextP, ref c1);
                AddVector<TStep>(w + TStep.Lanes * 8, p, nextP, ref c2);
                AddVector<TStep>(w + TStep.Lanes * 12, p, nextP, ref c3);
                w += QuantizedLayout.StepBytes;
                x += TStep.StepBytes;
                ahead += aheadStep;
            }
            (a0, a1, a2, a3) = (TStep.AddSum(a0, c0), TStep.AddSum(a1, c1), TStep.AddSum(a2, c2), TStep.AddSum(a3, c3));
        }
        StoreTwo<TStep>(a0, a1, scales, groups[0].Scale, y);
        StoreTwo<TStep>(a2, a3, scales + 2 * TStep.Lanes, groups[0].Scale, y + 2 * TStep.Lanes);
    }

    // The passes over a group ask for all of it together: 128 bytes a step of all 32 outputs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ask(byte* ahead, int outputs)
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch0(ahead);
        if (outputs == TileRows) Sse.Prefetch0(ahead + 64);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTwo<TStep>(TVector first, TVector second, sbyte* x, ref TVector a, ref TVector b)
        where TStep : struct, IProductStep<TVector>
    {
        TVector value = TStep.Broadcast(x);
        a = TStep.Add(a, first, value);
        b = TStep.Add(b, second, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddVector<TStep>(byte* w, TVector x, TVector nextX, ref TVector sum) where TStep : struct, IProductStep<TVector>
    {
        TStep.Load(w, out TVector weights, out TVector next);
        sum = TStep.Add(sum, weights, x);
        if (TStep.Words == 2) sum = TStep.Add(sum, next, nextX);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddVector<TStep>(byte* w, TVector p, TVector nextP, TVector q, TVector nextQ, ref TVector a, ref TVector b)
        where TStep : struct, IProductStep<TVector>
    {
        TStep.Load(w, out TVector weights, out TVector next);
        a = TStep.Add(a, weights, p);
        b = TStep.Add(b, weights, q);
        if (TStep.Words == 1) return;
        a = TStep.Add(a, next, nextP);
        b = TStep.Add(b, next, nextQ);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTwo<TStep>(TVector a, TVector b, ushort* scales, float xScale, float* y) where TStep : struct, IProductStep<TVector>
    {
        TStep.AddScaled(a, scales, xScale, y);
        TStep.AddScaled(b, scales + TStep.Lanes, xScale, y + TStep.Lanes);
    }
}
