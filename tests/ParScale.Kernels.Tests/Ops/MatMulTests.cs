using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Ops;
using ParScale.Kernels.Tests.Support;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.Tests.Ops;

public sealed class MatMulTests : IDisposable
{
    private readonly WorkerPool _pool = new(3);

    public static TheoryData<int> Lengths => Support.Lengths.Around;

    public void Dispose() => _pool.Dispose();

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_length_matches_the_reference(int length)
    {
        foreach (WeightType type in new[] { WeightType.F32, WeightType.Bf16 })
            foreach (int columns in new[] { 1, 2, 3, 4, 5, 8, 9, 16 })
                Check(type, rows: 7, length, columns, bias: columns % 2 == 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(63)]
    [InlineData(1001)]
    public void Every_number_of_rows_matches_the_reference(int rows)
    {
        foreach (WeightType type in new[] { WeightType.F32, WeightType.Bf16 })
            foreach (int columns in new[] { 1, 4, 7 }) Check(type, rows, length: 200, columns, bias: true);
    }

    [Fact]
    public void A_column_gives_the_same_bits_alone_and_in_a_batch()
    {
        WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(101 * 133, 1), WeightType.Bf16, 101, 133);
        float[] x = Numbers.Random(11 * 133, 2), batch = new float[11 * 101], alone = new float[101];
        MatMul.Run(weights, x, 11, [], batch, _pool);
        for (int column = 0; column < 11; column++)
        {
            MatMul.Run(weights, x.AsSpan(column * 133, 133), 1, [], alone, _pool);
            Assert.Equal(alone, batch[(column * 101)..((column + 1) * 101)]);
        }
    }

    [Fact]
    public void Weights_at_an_odd_address_give_the_same()
    {
        float[] values = Numbers.Random(9 * 50, 3), x = Numbers.Random(4 * 50, 4), expected = new float[36], actual = new float[36];
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, [1, 2, 3, .. values.SelectMany(BitConverter.GetBytes)]);
            using var file = new MappedFile(path);
            MatMul.Run(WeightMatrix.FromValues(values, WeightType.F32, 9, 50), x, 4, [], expected, _pool);
            MatMul.Run(WeightMatrix.Map(file, 3, WeightType.F32, 9, 50), x, 4, [], actual, _pool);
            Assert.Equal(expected, actual);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        WeightMatrix weights = WeightMatrix.FromValues(new float[6], WeightType.F32, 2, 3);
        Assert.Throws<ArgumentException>(() => MatMul.Run(weights, new float[4], 1, [], new float[2], _pool));
        Assert.Throws<ArgumentException>(() => MatMul.Run(weights, new float[3], 1, [], new float[3], _pool));
        Assert.Throws<ArgumentException>(() => MatMul.Run(weights, new float[3], 1, new float[1], new float[2], _pool));
    }

    private void Check(WeightType type, int rows, int length, int columns, bool bias)
    {
        WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(rows * length, length), type, rows, length);
        float[] x = Numbers.Random(columns * length, columns), biases = bias ? Numbers.Random(rows, 9) : [];
        float[] expected = new float[columns * rows], actual = new float[columns * rows];
        MatMul.Reference(weights, x, columns, biases, expected);
        MatMul.Run(weights, x, columns, biases, actual, _pool);
        Numbers.AssertClose(expected, actual, 1e-5);
    }
}
