using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>8-bit weights by the dot product of a tier.</summary>
internal readonly unsafe struct DotBytesStep<TTier, TVector> : IProductStep<TVector>
    where TTier : struct, IDotTier<TVector>
    where TVector : struct
{
    public static int Lanes => TTier.Lanes;

    public static int Steps => Q8.GroupSize / 4;

    public static int StepsOfSum => Steps;

    public static int Words => 1;

    public static int RowBytes => Q8.GroupSize;

    public static int WordBytes => 0;

    public static int StepBytes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* weights, out TVector first, out TVector second) => (first, second) = (TTier.LoadBytes(weights), default);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Broadcast(sbyte* x) => TTier.Broadcast(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add(TVector sum, TVector weights, TVector x) => TTier.Dot(sum, weights, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Start(int start) => TTier.StartBytes(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector AddSum(TVector total, TVector sum) => TTier.Add(total, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(TVector total, ushort* scales, float xScale, float* y) => TTier.AddScaled(total, scales, xScale, y);
}

/// <summary>4-bit weights by the dot product of a tier.</summary>
internal readonly unsafe struct DotNibblesStep<TTier, TVector> : IProductStep<TVector>
    where TTier : struct, IDotTier<TVector>
    where TVector : struct
{
    public static int Lanes => TTier.Lanes;

    public static int Steps => Q4.GroupSize / 8;

    public static int StepsOfSum => Steps;

    public static int Words => 2;

    public static int RowBytes => Q4.GroupSize;

    public static int WordBytes => 4;

    public static int StepBytes => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* weights, out TVector first, out TVector second) => TTier.LoadNibbles(weights, out first, out second);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Broadcast(sbyte* x) => TTier.Broadcast(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add(TVector sum, TVector weights, TVector x) => TTier.Dot(sum, weights, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Start(int start) => TTier.StartNibbles(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector AddSum(TVector total, TVector sum) => TTier.Add(total, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(TVector total, ushort* scales, float xScale, float* y) => TTier.AddScaled(total, scales, xScale, y);
}
