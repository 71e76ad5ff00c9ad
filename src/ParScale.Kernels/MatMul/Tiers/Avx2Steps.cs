using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Assembly;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>8-bit weights on AVX2: <see cref="ProductForm.WordPairs"/>.</summary>
internal readonly unsafe struct Avx2BytesStep : IProductStep<Vector256<int>>
{
    public static int Lanes => Vector256<int>.Count;

    public static int Steps => Q8.GroupSize / 4;

    public static int StepsOfSum => Steps;

    public static int Words => 2;

    public static int RowBytes => 2 * Q8.GroupSize;

    public static int WordBytes => Q8.GroupSize;

    public static int StepBytes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* weights, out Vector256<int> first, out Vector256<int> second)
    {
        Vector256<short> codes = Vector256.Load((short*)weights);
        first = (codes & Vector256.Create((short)0xFF)).AsInt32();
        second = (codes >>> 8).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(sbyte* x) => Avx2Operations.Broadcast(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<int> weights, Vector256<int> x) =>
        sum + Avx2.MultiplyAddAdjacent(weights.AsInt16(), x.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Start(int start) => Vector256.Create(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSum(Vector256<int> total, Vector256<int> sum) => total + sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Vector256<int> total, ushort* scales, float xScale, float* y) => Avx2Operations.AddScaled(total, scales, xScale, y);
}

/// <summary>4-bit weights on AVX2: <see cref="ProductForm.BytePairs"/>.</summary>
internal readonly unsafe struct Avx2NibblesStep : IProductStep<Vector256<int>>
{
    public static int Lanes => Vector256<int>.Count;

    public static int Steps => Q4.GroupSize / 8;

    // Eight pairs of products: 8 * 2 * 15 * 127 is less than 2^15.
    public static int StepsOfSum => 4;

    public static int Words => 2;

    public static int RowBytes => Q4.GroupSize;

    public static int WordBytes => 4;

    public static int StepBytes => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* weights, out Vector256<int> first, out Vector256<int> second) =>
        Avx2Operations.LoadNibbles(weights, out first, out second);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(sbyte* x) => Avx2Operations.Broadcast(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<int> weights, Vector256<int> x) =>
        (sum.AsInt16() + Avx2.MultiplyAddAdjacent(weights.AsByte(), x.AsSByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Start(int start) => Vector256.Create(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddSum(Vector256<int> total, Vector256<int> sum) =>
        total + Avx2.MultiplyAddAdjacent(sum.AsInt16(), Vector256.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(Vector256<int> total, ushort* scales, float xScale, float* y) => Avx2Operations.AddScaled(total, scales, xScale, y);
}
