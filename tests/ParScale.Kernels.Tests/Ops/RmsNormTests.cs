using ParScale.Kernels.Ops;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Ops;

public class RmsNormTests
{
    public static TheoryData<int> Lengths => Support.Lengths.Around;

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_length_matches_the_reference(int length)
    {
        float[] x = Numbers.Random(3 * length, 1, 20), weight = Numbers.Random(length, 2), expected = new float[3 * length];
        RmsNorm.Reference(x, weight, 1e-6f, expected);
        float[] actual = new float[x.Length];
        RmsNorm.Run(x, weight, 1e-6f, actual);
        Numbers.AssertClose(expected, actual, 1e-6);
        RmsNorm.Run(x, weight, 1e-6f, x);
        Assert.Equal(actual, x);
    }

    [Fact]
    public void The_formula_by_hand()
    {
        float[] y = new float[2];
        RmsNorm.Run([3, 4], [1, 2], 0, y);
        float scale = 1 / MathF.Sqrt(12.5f);
        Numbers.AssertClose([3 * scale, 8 * scale], y, 1e-6);
    }

    [Fact]
    public void A_row_of_zeros_stays_zero()
    {
        float[] y = [1, 1, 1];
        RmsNorm.Run(new float[3], [1, 1, 1], 1e-6f, y);
        Assert.Equal([0f, 0f, 0f], y);
    }
}
