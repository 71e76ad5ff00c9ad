using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Formats;

/// <summary>
/// Codes -127 .. 127 stored as 1 .. 255, one scale for 128 values: 8.125 bits a value. Groups of 32 or 64 were no better on the
/// embedded model and cost the kernels more (docs/log.md).
/// </summary>
internal readonly unsafe struct Q8 : IQuantizedFormat
{
    private const int Most = 127;

    public static int GroupSize => 128;

    public static int Offset => 128;

    public static int ValuesPerByte => 1;

    public static float Quantize<TSimd, TFloat, TInt>(float* values, sbyte* codes)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        float largest = QuantizedCodes.Largest<TSimd, TFloat, TInt>(values, GroupSize), scale = Bf16.RoundUp(largest / Most);
        // So small that a quotient could overflow: it is zero beside anything that a model computes with.
        if (!float.IsFinite(largest) || scale < QuantizedLayout.SmallestScale)
        {
            new Span<sbyte>(codes, GroupSize).Clear();
            return float.IsFinite(largest) ? 0 : float.NaN;
        }
        QuantizedCodes.Round<TSimd, TFloat, TInt>(values, GroupSize, scale, -Most, Most, codes);
        return scale;
    }

    public static int Load(byte* tile, int row, int k) => tile[Index(row, k)] - Offset;

    public static void Store(byte* tile, int row, int k, int code) => tile[Index(row, k)] = (byte)(code + Offset);

    public static void StoreGroup(byte* tile, int row, int first, ReadOnlySpan<sbyte> codes)
    {
        // Adding 128 to a byte turns its highest bit.
        const uint turn = 0x8080_8080;
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<sbyte, uint>(codes);
        byte* to = tile + Index(row, first);
        for (int i = 0; i < words.Length; i++) Unsafe.WriteUnaligned(to + i * QuantizedLayout.StepBytes, words[i] ^ turn);
    }

    private static int Index(int row, int k) => (k / 4 * QuantizedLayout.TileRows + row) * 4 + k % 4;
}
