using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Memory;

public class WeightMatrixTests
{
    public static TheoryData<int> Lengths => Support.Lengths.Around;

    [Fact]
    public void Bf16_rounds_to_nearest_with_ties_to_even()
    {
        // 1 + 2^-8 lies half way between 1 and 1 + 2^-7; 1 + 3 * 2^-8 half way between 1 + 2^-7 and 1 + 2^-6.
        float[] values = [1f, 1f + 1f / 256, 1f + 3f / 256, -1.004f, 3.4e38f, float.NegativeInfinity, 0f, 1e-40f];
        float[] expected = [1f, 1f, 1f + 4f / 256, -1.0078125f, float.PositiveInfinity, float.NegativeInfinity, 0f, 1.010172e-40f];
        float[] stored = new float[values.Length];
        WeightMatrix.FromValues(values, WeightDtype.Bf16, 1, values.Length).CopyRow(0, stored);
        for (int i = 0; i < values.Length; i++) Assert.Equal(expected[i], stored[i], 1e-41f);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Rows_of_every_length_come_back_in_order(int length)
    {
        float[] values = [.. Numbers.Random(2 * length, 1).Select(v => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(v) & 0xFFFF0000))];
        foreach (WeightDtype type in new[] { WeightDtype.F32, WeightDtype.Bf16 })
        {
            using WeightMatrix matrix = WeightMatrix.FromValues(values, type, 2, length);
            float[] row = new float[length];
            matrix.CopyRow(1, row);
            Assert.Equal(values[length..], row);
        }
    }

    [Fact]
    public void Nan_stays_nan_in_bf16()
    {
        float[] stored = new float[2];
        float quiet = BitConverter.UInt32BitsToSingle(0x7F80_0001), full = BitConverter.UInt32BitsToSingle(0xFFFF_FFFF);
        WeightMatrix.FromValues([quiet, full], WeightDtype.Bf16, 1, 2).CopyRow(0, stored);
        Assert.All(stored, value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void Conversion_keeps_bf16_values_exactly()
    {
        WeightMatrix bf16 = WeightMatrix.FromValues([1.5f, -2.25f, 3e-20f, 7e20f], WeightDtype.Bf16, 2, 2);
        float[] before = new float[2], after = new float[2];
        bf16.CopyRow(1, before);
        bf16.ConvertTo(WeightDtype.F32).ConvertTo(WeightDtype.Bf16).CopyRow(1, after);
        Assert.Equal(before, after);
        Assert.Same(bf16, bf16.ConvertTo(WeightDtype.Bf16));
    }

    [Fact]
    public void Halves_widen_exactly()
    {
        Half[] halves = [(Half)1.5f, Half.Epsilon, Half.MaxValue, (Half)(-0.1f)];
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, [0, .. halves.SelectMany(BitConverter.GetBytes)]);
            using var file = new MappedFile(path);
            float[] row = new float[2];
            WeightMatrix.FromHalf(file, 1, 2, 2).CopyRow(1, row);
            Assert.Equal([(float)Half.MaxValue, (float)(Half)(-0.1f)], row);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void What_is_not_finite_is_counted()
    {
        float[] values = [1, float.NaN, 3, float.PositiveInfinity, 5, float.NegativeInfinity];
        Assert.Equal(3, WeightMatrix.FromValues(values, WeightDtype.F32, 2, 3).CountNonFinite());
        Assert.Equal(0, WeightMatrix.FromValues([3e38f, -3e38f], WeightDtype.F32, 1, 2).CountNonFinite());
    }

    [Fact]
    public void A_matrix_outside_its_file_is_refused()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[16]);
            using var file = new MappedFile(path);
            Assert.Throws<ArgumentOutOfRangeException>(() => WeightMatrix.Map(file, 4, WeightDtype.F32, 2, 2));
            Assert.Throws<ArgumentOutOfRangeException>(() => WeightMatrix.Map(file, long.MaxValue - 2, WeightDtype.F32, 1, 1));
            Assert.Throws<ArgumentOutOfRangeException>(() => WeightMatrix.Map(file, -4, WeightDtype.F32, 1, 1));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
