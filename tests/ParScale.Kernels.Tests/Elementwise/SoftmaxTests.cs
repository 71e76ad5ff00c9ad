using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Elementwise;

public class SoftmaxTests
{
    public static TheoryData<int> Lengths => Support.Lengths.Around;

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_length_matches_the_definition(int length)
    {
        float[] x = Numbers.Random(length, length, 10);
        double max = x.Max(), sum = x.Sum(value => Math.Exp(value - max));
        float[] expected = [.. x.Select(value => (float)(Math.Exp(value - max) / sum))];
        Assert.Equal(max + Math.Log(sum), Softmax.LogSumExp(x), 1e-9);
        Softmax.Run(x);
        Numbers.AssertClose(expected, x, 2e-6);
    }

    [Fact]
    public void The_address_does_not_change_a_bit()
    {
        foreach (int length in new[] { 2, 8, 17, 64, 1000 })
        {
            float[] x = Numbers.Random(length, 1, 10), expected = [.. x];
            Softmax.Run(expected);
            for (int offset = 0; offset < 16; offset++)
            {
                var moved = new float[length + 16];
                x.CopyTo(moved, offset);
                Softmax.Run(moved.AsSpan(offset, length));
                Assert.Equal(expected, moved[offset..(offset + length)]);
            }
        }
    }

    [Fact]
    public void Large_values_do_not_overflow()
    {
        float[] x = [3e38f, 3e38f, -3e38f];
        Softmax.Run(x);
        Assert.Equal([0.5f, 0.5f, 0f], x);
    }

    [Fact]
    public void Empty_is_left_alone() => Softmax.Run([]);
}
