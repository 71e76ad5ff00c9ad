using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Elementwise;

public sealed class RmsNormTests : IDisposable
{
    private readonly WorkerPool _pool = new(3);

    public static TheoryData<int> Lengths => Support.Lengths.Around;

    public void Dispose() => _pool.Dispose();

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_length_matches_the_reference(int length)
    {
        float[] x = Numbers.Random(3 * length, 1, 20), weight = Numbers.Random(length, 2), expected = new float[3 * length];
        RmsNorm.Reference(x, weight, 1e-6f, expected);
        float[] actual = new float[x.Length];
        RmsNorm.Run(x, weight, 1e-6f, actual, _pool);
        Numbers.AssertClose(expected, actual, 1e-6);
        RmsNorm.Run(x, weight, 1e-6f, x, _pool);
        Assert.Equal(actual, x);
    }

    [Theory]
    [InlineData(1, 7)]
    [InlineData(9, 33)]
    [InlineData(60, 1000)]
    public void Adding_first_is_an_addition_and_a_norm(int rows, int length)
    {
        float[] x = Numbers.Random(rows * length, 1, 20), y = Numbers.Random(rows * length, 2), weight = Numbers.Random(length, 3);
        float[] sum = [.. x.Zip(y, (a, b) => a + b)], normed = new float[sum.Length];
        using var one = new WorkerPool(1);
        RmsNorm.Run(sum, weight, 1e-6f, normed, one);
        RmsNorm.AddAndRun(x, weight, 1e-6f, y, _pool);
        Assert.Equal(sum, x);
        Assert.Equal(normed, y);
    }

    // 1,000 numbers: long enough for a sum that would begin at an aligned address to begin elsewhere.
    [Theory]
    [InlineData(1000)]
    [InlineData(1536)]
    public void A_rows_bits_do_not_depend_on_where_it_lies(int length)
    {
        float[] row = Numbers.Random(length, 1, 20), weight = Numbers.Random(length, 2), expected = new float[length];
        RmsNorm.Run(row, weight, 1e-6f, expected, _pool);
        for (int shift = 1; shift < 32; shift++)
        {
            float[] memory = new float[length + shift], y = new float[length];
            row.CopyTo(memory, shift);
            RmsNorm.Run(memory.AsSpan(shift), weight, 1e-6f, y, _pool);
            Assert.Equal(expected, y);
        }
    }

    [Fact]
    public void The_formula_by_hand()
    {
        float[] y = new float[2];
        RmsNorm.Run([3, 4], [1, 2], 0, y, _pool);
        float scale = 1 / MathF.Sqrt(12.5f);
        Numbers.AssertClose([3 * scale, 8 * scale], y, 1e-6);
    }

    [Fact]
    public void A_row_of_zeros_stays_zero()
    {
        float[] y = [1, 1, 1];
        RmsNorm.Run(new float[3], [1, 1, 1], 1e-6f, y, _pool);
        Assert.Equal([0f, 0f, 0f], y);
    }

    [Fact]
    public void Rows_that_are_not_whole_are_refused()
    {
        Assert.Throws<ArgumentException>(() => RmsNorm.Run(new float[5], new float[2], 0, new float[5], _pool));
        Assert.Throws<ArgumentException>(() => RmsNorm.AddAndRun(new float[4], new float[2], 0, new float[6], _pool));
    }
}
