using System.Numerics.Tensors;

namespace ParScale.Kernels.Formats;

/// <summary>
/// Levels -127 .. 127 stored as 1 .. 255, one scale for 128 values: 8.125 bits a value. Groups of 32 or 64 were no better on the
/// embedded model and cost the kernels more (docs/log.md).
/// </summary>
internal readonly unsafe struct Q8 : IGroupFormat
{
    private const int Most = 127;

    public static int GroupSize => 128;

    public static int Offset => 128;

    public static int ValuesPerByte => 1;

    public static float Quantize(ReadOnlySpan<float> values, Span<sbyte> levels)
    {
        float largest = MathF.Abs(TensorPrimitives.MaxMagnitude(values));
        float scale = Bf16.RoundUp(largest / Most);
        // So small that the quotient below could overflow: it is zero beside anything that a model computes with.
        if (scale < GroupLayout.SmallestScale)
        {
            levels.Clear();
            return 0;
        }
        for (int i = 0; i < values.Length; i++) levels[i] = (sbyte)MathF.Round(values[i] / scale);
        return scale;
    }

    public static int Load(byte* tile, int row, int k) => tile[Index(row, k)] - Offset;

    public static void Store(byte* tile, int row, int k, int level) => tile[Index(row, k)] = (byte)(level + Offset);

    private static int Index(int row, int k) => (k / 4 * GroupLayout.TileRows + row) * 4 + k % 4;
}
