using System.Runtime.CompilerServices;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Formats;

/// <summary>bfloat16: widening is exact (16 zero bits below), storing rounds to nearest, ties to even.</summary>
internal readonly unsafe struct Bf16 : IFloatFormat
{
    public static int BytesPerValue => 2;

    // Two values lie in each 32 bits. Taking the lower and the upper ones apart is one instruction each; keeping them in
    // order would be a shuffle and a shift each, on the units that the multiplications need.
    public static bool Deinterleaved => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(byte* row, nint index) =>
        BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(row + index * 2) << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat LoadInOrder<TSimd, TFloat, TInt>(byte* from)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct =>
        TSimd.LowHalf(TSimd.WidenShorts((ushort*)from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat LoadFirst<TSimd, TFloat, TInt>(byte* from)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct => TSimd.LowHalf(TSimd.LoadInt(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat LoadSecond<TSimd, TFloat, TInt>(byte* from)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct => TSimd.HighHalf(TSimd.LoadInt(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair<TSimd, TFloat, TInt>(byte* from, out TFloat first, out TFloat second)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        TInt packed = TSimd.LoadInt(from);
        first = TSimd.LowHalf(packed);
        second = TSimd.HighHalf(packed);
    }

    public static void Store(byte* row, nint index, float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        // A NaN keeps its upper bits and stays a NaN: rounding could carry it into infinity.
        uint rounded = float.IsNaN(value) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
        Unsafe.WriteUnaligned(row + index * 2, (ushort)rounded);
    }

    /// <summary>The least bfloat16 that is not below a value, which must be finite and not negative.</summary>
    public static float RoundUp(float value) => BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) + 0xFFFF) & 0xFFFF0000);

    /// <summary>The stored form of a value that bfloat16 holds exactly.</summary>
    public static ushort Bits(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);

    /// <summary>The value of a stored form.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FromBits(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
