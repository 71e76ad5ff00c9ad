using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ParScale.Kernels.Formats;

/// <summary>bfloat16: widening is exact (16 zero bits below), storing rounds to nearest, ties to even.</summary>
internal readonly unsafe struct Bf16 : IFloatFormat
{
    // Two values lie in each 32 bits. Taking the lower and the upper ones apart is one instruction each; keeping them in
    // order would be a shuffle and a shift each, on the units that the multiplications need.
    private const uint UpperValue = 0xFFFF0000;

    public static int BytesPerValue => 2;

    public static bool Deinterleaved => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(byte* row, nint index) =>
        BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(row + index * 2) << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadInOrder(byte* row, nint index, out Vector<float> lower, out Vector<float> upper)
    {
        var packed = Unsafe.ReadUnaligned<Vector<ushort>>(row + index * 2);
        Vector.Widen(packed, out Vector<uint> low, out Vector<uint> high);
        lower = (low << 16).As<uint, float>();
        upper = (high << 16).As<uint, float>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* from, out Vector512<float> first, out Vector512<float> second)
    {
        var both = Vector512.Load((uint*)from);
        first = (both << 16).AsSingle();
        second = (both & Vector512.Create(UpperValue)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* from, out Vector256<float> first, out Vector256<float> second)
    {
        var both = Vector256.Load((uint*)from);
        first = (both << 16).AsSingle();
        second = (both & Vector256.Create(UpperValue)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* from, out Vector128<float> first, out Vector128<float> second)
    {
        var both = Vector128.Load((uint*)from);
        first = (both << 16).AsSingle();
        second = (both & Vector128.Create(UpperValue)).AsSingle();
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
