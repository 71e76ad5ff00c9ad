using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Elementwise;

public class RopeTests
{
    public static TheoryData<int> Halves => Lengths.Around;

    [Theory]
    [MemberData(nameof(Halves))]
    public void Matches_the_rotation_of_complex_numbers(int half)
    {
        var frequencies = new double[half];
        Rope.Frequencies(10000, frequencies);
        foreach (int position in new[] { 0, 1, 7, 2047, 100_000 })
        {
            float[] expected = Numbers.Random(3 * 2 * half, position), actual = [.. expected];
            float[] cosine = new float[half], sine = new float[half];
            Rope.Reference(expected, 2 * half, position, 10000);
            Rope.Angles(position, frequencies, 1, cosine, sine);
            Rope.Run(actual, 2 * half, cosine, sine);
            Numbers.AssertClose(expected, actual, 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Halves))]
    public void Every_width_of_vectors_gives_the_bits_of_the_plain_loop(int half)
    {
        float[] x = Numbers.Random(2 * 2 * half, 1), actual = [.. x], cosine = Numbers.Random(half, 2), sine = Numbers.Random(half, 3);
        Rope.Run(actual, 2 * half, cosine, sine);
        for (int i = 0; i < x.Length; i++)
        {
            int k = i % half;
            bool first = i / half % 2 == 0;
            Assert.Equal(first ? x[i] * cosine[k] - x[i + half] * sine[k] : x[i] * cosine[k] + x[i - half] * sine[k], actual[i]);
        }
    }

    [Fact]
    public void The_numbers_behind_those_that_turn_stay()
    {
        float[] x = Numbers.Random(2 * 10, 1), part = [.. x[..6], .. x[10..16]], actual = [.. x], cosine = Numbers.Random(3, 2), sine = Numbers.Random(3, 3);
        Rope.Run(part, 6, cosine, sine);
        Rope.Run(actual, 10, cosine, sine);
        Assert.Equal([.. part[..6], .. x[6..10], .. part[6..], .. x[16..]], actual);
        Assert.Throws<ArgumentException>(() => Rope.Run(actual, 4, cosine, sine));
    }

    [Fact]
    public void A_magnitude_multiplies_cosines_and_sines()
    {
        float[] cosine = new float[2], sine = new float[2], twice = new float[2], twiceSine = new float[2];
        Rope.Angles(3, [1, 0.01], 1, cosine, sine);
        Rope.Angles(3, [1, 0.01], 2, twice, twiceSine);
        Assert.Equal([2 * cosine[0], 2 * cosine[1], 2 * sine[0], 2 * sine[1]], [.. twice, .. twiceSine]);
    }

    [Fact]
    public void Position_zero_changes_nothing()
    {
        float[] x = [1, 2, 3, 4], cosine = new float[2], sine = new float[2];
        Rope.Angles(0, [1, 0.01], 1, cosine, sine);
        Rope.Run(x, 4, cosine, sine);
        Assert.Equal([1f, 2f, 3f, 4f], x);
    }
}
