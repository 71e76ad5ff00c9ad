using System.Runtime.CompilerServices;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Formats;

/// <summary>IEEE single precision, as stored.</summary>
internal readonly unsafe struct F32 : IFloatFormat
{
    public static int BytesPerValue => 4;

    public static bool Deinterleaved => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(byte* row, nint index) => Unsafe.ReadUnaligned<float>(row + index * 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat LoadInOrder<TSimd, TFloat, TInt>(byte* from)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct =>
        TSimd.Load((float*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat LoadFirst<TSimd, TFloat, TInt>(byte* from)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct => TSimd.Load((float*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat LoadSecond<TSimd, TFloat, TInt>(byte* from)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct => TSimd.Load((float*)from + Simd.Lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair<TSimd, TFloat, TInt>(byte* from, out TFloat first, out TFloat second)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        first = LoadFirst<TSimd, TFloat, TInt>(from);
        second = LoadSecond<TSimd, TFloat, TInt>(from);
    }

    public static void Store(byte* row, nint index, float value) => Unsafe.WriteUnaligned(row + index * 4, value);
}
