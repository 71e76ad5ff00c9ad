using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Formats;

/// <summary>
/// Codes -8 .. 7 stored as 0 .. 15, one scale for 64 values: 4.25 bits a value. Of several scales the one with the least
/// square error is taken: clipping the largest value a little often serves the others.
/// </summary>
internal readonly unsafe struct Q4 : IQuantizedFormat
{
    private const int Least = -8, Most = 7;

    // The largest value is mapped to 6, 6.25 ... 9.25: from room to spare to clipped by a third.
    private const int Tries = 14;

    public static int GroupSize => 64;

    public static int Offset => 8;

    public static int ValuesPerByte => 2;

    public static float Quantize<TSimd, TFloat, TInt>(float* values, sbyte* codes)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        float largest = QuantizedCodes.Largest<TSimd, TFloat, TInt>(values, GroupSize), leastError = float.PositiveInfinity;
        new Span<sbyte>(codes, GroupSize).Clear();
        if (!float.IsFinite(largest)) return float.NaN;
        if (largest / Most < QuantizedLayout.SmallestScale) return 0;
        // Values beyond 1e18, whose squares are too large to compare, are not clipped.
        float best = Bf16.RoundUp(largest / Most);
        for (int i = 0; i < Tries; i++)
        {
            float scale = Bf16.RoundUp(largest / (6 + i * 0.25f));
            float error = SquareError<TSimd, TFloat, TInt>(values, scale);
            if (!(error < leastError)) continue;
            (best, leastError) = (scale, error);
        }
        QuantizedCodes.Round<TSimd, TFloat, TInt>(values, GroupSize, best, Least, Most, codes);
        return best;
    }

    public static int Load(byte* tile, int row, int k) => ((tile[Index(row, k)] >> Shift(k)) & 15) - Offset;

    public static void Store(byte* tile, int row, int k, int code) => tile[Index(row, k)] |= (byte)((code + Offset) << Shift(k));

    public static void StoreGroup(byte* tile, int row, int first, ReadOnlySpan<sbyte> codes)
    {
        // Adding 8 to a code of -8 .. 7 turns its bit 3; what lies above bit 3 is dropped.
        const uint turn = 0x0808_0808, half = 0x0F0F_0F0F;
        ReadOnlySpan<uint> words = MemoryMarshal.Cast<sbyte, uint>(codes);
        byte* to = tile + Index(row, first);
        for (int i = 0; i < words.Length; i += 2)
        {
            uint lower = (words[i] ^ turn) & half, upper = (words[i + 1] ^ turn) & half;
            Unsafe.WriteUnaligned(to + i / 2 * QuantizedLayout.StepBytes, lower | (upper << 4));
        }
    }

    // Eight consecutive values of a row are four bytes: the first four in the lower halves, the next four in the upper.
    private static int Index(int row, int k) => (k / 8 * QuantizedLayout.TileRows + row) * 4 + k % 4;

    private static int Shift(int k) => k % 8 / 4 * 4;

    // The error decides which scale is taken, so it must not depend on the width of vectors.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SquareError<TSimd, TFloat, TInt>(float* values, float scale)
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        TFloat least = TSimd.Broadcast(Least), most = TSimd.Broadcast(Most), factor = TSimd.Broadcast(scale), inverse = TSimd.Broadcast(1 / scale);
        float* sums = stackalloc float[Simd.Lanes];
        for (int lane = 0; lane < Simd.Lanes; lane += TSimd.Count)
        {
            TFloat sum = default;
            for (int i = lane; i < GroupSize; i += Simd.Lanes)
            {
                TFloat value = TSimd.Load(values + i);
                TFloat code = TSimd.Min(TSimd.Max(TSimd.Round(TSimd.Multiply(value, inverse)), least), most);
                TFloat error = TSimd.Subtract(value, TSimd.Multiply(code, factor));
                sum = TSimd.Add(sum, TSimd.Multiply(error, error));
            }
            TSimd.Store(sum, sums + lane);
        }
        return Simd.SumLanes(sums);
    }
}
