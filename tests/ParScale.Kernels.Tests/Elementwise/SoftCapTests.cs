using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Elementwise;

public sealed class SoftCapTests : IDisposable
{
    private readonly WorkerPool _pool = new(3);

    public static TheoryData<int> Lengths => Support.Lengths.Around;

    public void Dispose() => _pool.Dispose();

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_length_matches_the_reference(int length)
    {
        float[] expected = Numbers.Random(length, 1, 60), actual = [.. expected];
        SoftCap.Reference(expected, 30);
        SoftCap.Run(actual, 30, _pool);
        Numbers.AssertClose(expected, actual, 1e-6);
    }

    [Fact]
    public void The_relative_error_is_small_for_numbers_of_any_size()
    {
        float[] expected = [.. Enumerable.Range(-200, 400).SelectMany(i => new[] { i / 17f, i * 1e-4f, i * 1e-9f, i * 1e6f })], actual = [.. expected];
        SoftCap.Reference(expected, 1.5f);
        SoftCap.Run(actual, 1.5f, _pool);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-6 * Math.Abs(expected[i]));
    }

    [Fact]
    public void What_is_not_a_number_stays_so()
    {
        float[] x = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1, 2, 3, 4, 5, float.NaN];
        SoftCap.Run(x, 2, _pool);
        Assert.Equal(2, x[1], 1e-6);
        Assert.Equal(-2, x[2], 1e-6);
        Assert.True(float.IsNaN(x[0]) && float.IsNaN(x[8]));
    }

    [Fact]
    public void An_element_has_the_same_bits_wherever_it_stands()
    {
        float[] x = Numbers.Random(20_003, 1, 60), all = [.. x];
        SoftCap.Run(all, 30, _pool);
        for (int i = 0; i + 3 <= x.Length; i += 997)
        {
            float[] part = x[i..(i + 3)];
            SoftCap.Run(part, 30, _pool);
            Assert.Equal(all[i..(i + 3)], part);
        }
    }
}
