using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Vectors;

/// <summary>One lane, for machines without vectors: there every operation on the vector types calls a method.</summary>
internal readonly unsafe struct Simd1 : ISimd<float, int>
{
    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(float* from) => *from;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float value, float* to) => *to = value;

    public static float Broadcast(float value) => value;

    public static float Add(float a, float b) => a + b;

    public static float Subtract(float a, float b) => a - b;

    public static float Multiply(float a, float b) => a * b;

    public static float Divide(float a, float b) => a / b;

    public static float MultiplyAdd(float a, float b, float c) => a * b + c;

    public static float Max(float a, float b) => a > b ? a : b;

    public static float Min(float a, float b) => a < b ? a : b;

    public static float Round(float value) => MathF.Round(value);

    public static float PowerOfTwo(float n) => BitConverter.Int32BitsToSingle(((int)n + 127) << 23);

    public static float Sum(float value) => value;

    public static float MaxAcross(float value) => value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Deinterleave(float low, float high, out float even, out float odd) => (even, odd) = (low, high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int LoadInt(byte* from) => Unsafe.ReadUnaligned<int>(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt(int value, void* to) => Unsafe.WriteUnaligned(to, value);

    public static int WidenShorts(ushort* from) => Unsafe.ReadUnaligned<ushort>(from);

    public static int WidenBytes(sbyte* from) => *from;

    public static int BroadcastInt(int value) => value;

    public static int AddInt(int a, int b) => a + b;

    public static int MaxInt(int a, int b) => Math.Max(a, b);

    public static int SumInt(int value) => value;

    public static int MaxAcrossInt(int value) => value;

    public static float ToFloat(int value) => value;

    public static int RoundToInt(float value) => (int)MathF.Round(value);

    public static int MagnitudeBits(float value) => BitConverter.SingleToInt32Bits(value) & int.MaxValue;

    public static float LowHalf(int value) => BitConverter.Int32BitsToSingle(value << 16);

    public static float HighHalf(int value) => BitConverter.Int32BitsToSingle(value & unchecked((int)0xFFFF0000));

    public static int EvenBytes(int value) => (ushort)(short)(sbyte)value | ((int)(sbyte)(value >> 16) << 16);

    public static int OddBytes(int value) => (ushort)(short)(sbyte)(value >> 8) | (value >> 24 << 16);

    public static int AddPairProducts(int sum, int a, int b) => sum + (short)a * (short)b + (a >> 16) * (b >> 16);

    public static void StoreBytes(int a, int b, int c, int d, sbyte* to) =>
        (to[0], to[1], to[2], to[3]) = ((sbyte)a, (sbyte)b, (sbyte)c, (sbyte)d);

    public static void StoreShorts(float value, short* to) => *to = (short)MathF.Round(value);
}
