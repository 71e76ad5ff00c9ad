using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ParScale.Kernels.Formats;

/// <summary>IEEE single precision, as stored.</summary>
internal readonly unsafe struct F32 : IFloatFormat
{
    public static int BytesPerValue => 4;

    public static bool Deinterleaved => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(byte* row, nint index) => Unsafe.ReadUnaligned<float>(row + index * 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadInOrder(byte* row, nint index, out Vector<float> lower, out Vector<float> upper)
    {
        byte* from = row + index * 4;
        lower = Unsafe.ReadUnaligned<Vector<float>>(from);
        upper = Unsafe.ReadUnaligned<Vector<float>>(from + sizeof(Vector<float>));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* from, out Vector512<float> first, out Vector512<float> second)
    {
        first = Vector512.Load((float*)from);
        second = Vector512.Load((float*)from + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* from, out Vector256<float> first, out Vector256<float> second)
    {
        first = Vector256.Load((float*)from);
        second = Vector256.Load((float*)from + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* from, out Vector128<float> first, out Vector128<float> second)
    {
        first = Vector128.Load((float*)from);
        second = Vector128.Load((float*)from + 4);
    }

    public static void Store(byte* row, nint index, float value) => Unsafe.WriteUnaligned(row + index * 4, value);
}
