using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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

    public static float Quantize(ReadOnlySpan<float> values, Span<sbyte> codes)
    {
        float largest = MathF.Abs(TensorPrimitives.MaxMagnitude(values)), leastError = float.PositiveInfinity;
        codes.Clear();
        if (!float.IsFinite(largest)) return float.NaN;
        if (largest / Most < QuantizedLayout.SmallestScale) return 0;
        // Values beyond 1e18, whose squares are too large to compare, are not clipped.
        float best = Bf16.RoundUp(largest / Most);
        for (int i = 0; i < Tries; i++)
        {
            float scale = Bf16.RoundUp(largest / (6 + i * 0.25f));
            float error = SquareError(values, scale);
            if (!(error < leastError)) continue;
            (best, leastError) = (scale, error);
        }
        QuantizedCodes.Round(values, best, Least, Most, codes);
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

    private static float SquareError(ReadOnlySpan<float> values, float scale)
    {
        Vector<float> least = new(Least), most = new(Most), sum = default;
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        float inverse = 1 / scale, total = 0;
        int i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = vectors[i / Vector<float>.Count];
            // Every value is finite, so the instructions without rules for NaN serve.
            Vector<float> code = Vector.MinNative(Vector.MaxNative(Vector.Round(value * inverse), least), most);
            Vector<float> error = value - code * scale;
            sum += error * error;
        }
        for (; i < values.Length; i++)
        {
            float error = values[i] - Math.Clamp(MathF.Round(values[i] * inverse), Least, Most) * scale;
            total += error * error;
        }
        return total + Vector.Sum(sum);
    }
}
