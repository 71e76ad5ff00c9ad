using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.Kernels.Tests.Formats;

public class QuantizedLayoutTests
{
    private const int TileRows = 32;

    public static TheoryData<WeightDtype, int, int> Shapes()
    {
        var data = new TheoryData<WeightDtype, int, int>();
        foreach (WeightDtype type in (WeightDtype[])[WeightDtype.Q8, WeightDtype.Q4])
        {
            foreach (int columns in (int[])[1, 3, 31, 63, 64, 65, 96, 127, 128, 129, 300]) data.Add(type, 16, columns);
            foreach (int rows in (int[])[1, 31, 33, 70]) data.Add(type, rows, 130);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Bytes_and_values_are_those_of_the_definition(WeightDtype type, int rows, int columns)
    {
        float[] values = Values(rows * columns, seed: rows * 1000 + columns);
        using WeightMatrix matrix = WeightMatrix.FromValues(values, WeightDtype.F32, rows, columns);
        using WeightMatrix packed = matrix.ConvertTo(type);
        float[] expected = new float[columns], actual = new float[columns];
        var codes = new byte[QuantizedLayout.TileBytes(type, columns)];
        var scales = new byte[QuantizedLayout.TileScaleBytes(type, columns)];
        for (int row = 0; row < rows; row++)
        {
            if (row % TileRows == 0) matrix.PackTile(type, row / TileRows, codes, scales);
            packed.CopyRow(row, actual);
            Plain(type, values.AsSpan(row * columns, columns), codes, scales, row % TileRows, expected);
            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [InlineData(WeightDtype.Q8, 5, 200)]
    [InlineData(WeightDtype.Q4, 5, 200)]
    [InlineData(WeightDtype.Q4, 16, 128)]
    public void The_error_is_that_of_the_values(WeightDtype type, int rows, int columns)
    {
        float[] values = Values(rows * columns, seed: 7);
        using WeightMatrix matrix = WeightMatrix.FromValues(values, WeightDtype.F32, rows, columns);
        RoundingError found = matrix.PackTile(
            type, 0, new byte[QuantizedLayout.TileBytes(type, columns)], new byte[QuantizedLayout.TileScaleBytes(type, columns)]);
        using WeightMatrix packed = matrix.ConvertTo(type);
        double squares = 0, total = 0;
        var row = new float[columns];
        for (int i = 0; i < values.Length; i++)
        {
            if (i % columns == 0) packed.CopyRow(i / columns, row);
            squares += Math.Pow(values[i] - row[i % columns], 2);
            total += Math.Pow(values[i], 2);
        }
        Assert.Equal(Math.Sqrt(squares / total), found.Relative, 1e-5);
        Assert.Equal(total, found.Values, total * 1e-5);
    }

    [Theory]
    [InlineData(WeightDtype.Q8, float.NaN)]
    [InlineData(WeightDtype.Q8, float.NegativeInfinity)]
    [InlineData(WeightDtype.Q4, float.NaN)]
    [InlineData(WeightDtype.Q4, float.PositiveInfinity)]
    public void Damage_stays_visible(WeightDtype type, float damage)
    {
        float[] values = Values(3 * 200, seed: 9);
        values[200 + 150] = damage;
        using WeightMatrix matrix = WeightMatrix.FromValues(values, WeightDtype.F32, 3, 200), packed = matrix.ConvertTo(type);
        var row = new float[200];
        packed.CopyRow(1, row);
        Assert.True(float.IsNaN(row[150]));
        packed.CopyRow(2, row);
        Assert.All(row, value => Assert.True(float.IsFinite(value)));
        RoundingError error = matrix.PackTile(
            type, 0, new byte[QuantizedLayout.TileBytes(type, 200)], new byte[QuantizedLayout.TileScaleBytes(type, 200)]);
        Assert.True(double.IsNaN(error.Relative));
    }

    [Theory]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Huge_and_tiny_values_keep_finite_scales(WeightDtype type)
    {
        float[] values = [.. Enumerable.Repeat(float.MaxValue, 128), .. Enumerable.Repeat(-1e-38f, 128)];
        using WeightMatrix packed = WeightMatrix.FromValues(values, type, 1, values.Length);
        var row = new float[values.Length];
        packed.CopyRow(0, row);
        Assert.All(row[128..], value => Assert.Equal(0, value));
        Assert.All(row[..128], value => Assert.InRange(value, 0.8f * float.MaxValue, float.PositiveInfinity));
    }

    // Reads codes and scales one by one where QuantizedLayout's summary says they lie, and checks them against the values.
    private static void Plain(WeightDtype type, ReadOnlySpan<float> values, byte[] codes, byte[] scales, int row, float[] y)
    {
        int group = type == WeightDtype.Q8 ? 128 : 64, most = type == WeightDtype.Q8 ? 127 : 7, least = type == WeightDtype.Q8 ? -127 : -8;
        for (int k = 0; k < values.Length; k++)
        {
            ushort bits = BitConverter.ToUInt16(scales, ((k / group * TileRows) + row) * 2);
            float scale = BitConverter.UInt32BitsToSingle((uint)bits << 16);
            int code = type == WeightDtype.Q8
                ? codes[(((k / 4 * TileRows) + row) * 4) + (k % 4)] - 128
                : ((codes[(((k / 8 * TileRows) + row) * 4) + (k % 4)] >> (k % 8 / 4 * 4)) & 15) - 8;
            Assert.Equal(Math.Clamp((int)MathF.Round(values[k] / scale), least, most), code);
            ReadOnlySpan<float> inGroup = values.Slice(k / group * group, Math.Min(group, values.Length - (k / group * group)));
            Assert.Equal(type == WeightDtype.Q8 ? LeastScale(inGroup) : BestScale(inGroup), scale);
            y[k] = scale * code;
        }
    }

    // Of 14 scales the one with the least square error, summed in 16 lanes.
    private static float BestScale(ReadOnlySpan<float> group)
    {
        float largest = 0, best = 0, leastError = float.PositiveInfinity;
        foreach (float value in group) largest = MathF.Max(largest, MathF.Abs(value));
        for (int i = 0; i < 14; i++)
        {
            float scale = RoundUp(largest / (6 + i * 0.25f)), inverse = 1 / scale;
            var lanes = new float[16];
            for (int k = 0; k < group.Length; k++)
            {
                float error = group[k] - Math.Clamp(MathF.Round(group[k] * inverse), -8, 7) * scale;
                lanes[k % 16] += error * error;
            }
            for (int half = 8; half > 2; half /= 2)
                for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
            float sum = lanes[0] + lanes[1] + (lanes[2] + lanes[3]);
            if (sum < leastError) (best, leastError) = (scale, sum);
        }
        return best;
    }

    // The least bfloat16 that is not below the largest value over 127.
    private static float LeastScale(ReadOnlySpan<float> group)
    {
        float largest = 0;
        foreach (float value in group) largest = MathF.Max(largest, MathF.Abs(value));
        return RoundUp(largest / 127);
    }

    private static float RoundUp(float exact)
    {
        float cut = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(exact) & 0xFFFF0000);
        return cut == exact ? cut : BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(cut) + 0x10000);
    }

    private static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (float)(random.NextDouble() - 0.5) * MathF.Pow(10, random.Next(-3, 3));
        return values;
    }
}
