using ParScale.Kernels.Ops;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Ops;

public class RopeTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    [InlineData(16)]
    [InlineData(66)]
    [InlineData(128)]
    public void Matches_the_rotation_of_complex_numbers(int headSize)
    {
        foreach (int position in new[] { 0, 1, 7, 2047, 100_000 })
        {
            float[] expected = Numbers.Random(3 * headSize, position), actual = [.. expected];
            float[] cosine = new float[headSize / 2], sine = new float[headSize / 2];
            Rope.Reference(expected, headSize, position, 10000);
            Rope.Angles(position, 10000, cosine, sine);
            Rope.Run(actual, cosine, sine);
            Numbers.AssertClose(expected, actual, 1e-6);
        }
    }

    [Fact]
    public void Position_zero_changes_nothing()
    {
        float[] x = [1, 2, 3, 4], cosine = new float[2], sine = new float[2];
        Rope.Angles(0, 10000, cosine, sine);
        Rope.Run(x, cosine, sine);
        Assert.Equal([1f, 2f, 3f, 4f], x);
    }
}
