using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>The cases tell a multiply-add that rounds once from all others, and what products do without one passes them on every device.</summary>
public class MultiplyAddProbeTests(TestDevice test) : DeviceTest(test)
{
    private static readonly uint[] Cases = MultiplyAddProbe.Cases();

    [Fact]
    public void Products_without_fma_round_once() =>
        Assert.Equal(MultiplyAddProbe.Expected(Cases), MultiplyAddProbe.Run(Device, Cases, byHand: true));

    [Fact]
    public void A_device_uses_fma_where_it_gives_the_bits_of_the_CPU()
    {
        float[] expected = MultiplyAddProbe.Expected(Cases), found = MultiplyAddProbe.Run(Device, Cases, byHand: false);
        int wrong = expected.Zip(found).Count(pair => BitConverter.SingleToInt32Bits(pair.First) != BitConverter.SingleToInt32Bits(pair.Second));
        TestContext.Current.TestOutputHelper?.WriteLine($"{wrong} of {expected.Length} differ");
        Assert.Equal(wrong == 0, MultiplyAddProbe.RoundsOnce(Device));
    }

    [Fact]
    public void Each_other_rounding_is_found()
    {
        float[] expected = MultiplyAddProbe.Expected(Cases);
        // Twice; in float64, where the product is exact; towards zero.
        Assert.NotEqual(expected, Each((count, scale, sum) => (float)(count * scale) + sum));
        Assert.NotEqual(expected, Each((count, scale, sum) => (float)((double)count * scale + sum)));
        Assert.NotEqual(expected, Each((count, scale, sum) =>
        {
            float once = MathF.FusedMultiplyAdd(count, scale, sum);
            double lost = Math.FusedMultiplyAdd(count, scale, (double)sum) - once;
            return lost != 0 && lost > 0 != once > 0 ? once > 0 ? MathF.BitDecrement(once) : MathF.BitIncrement(once) : once;
        }));
    }

    [Fact]
    public void No_case_is_denormal_or_has_a_tiny_scale()
    {
        float[] results = MultiplyAddProbe.Expected(Cases);
        for (int i = 0; i < results.Length; i++)
        {
            float scale = Bits(Cases[i * 3 + 1]), sum = Bits(Cases[i * 3 + 2]);
            Assert.False(float.IsSubnormal(scale) || float.IsSubnormal(sum) || float.IsSubnormal(results[i]) || !float.IsFinite(results[i]));
            Assert.True(Math.Abs(scale) >= MathF.ScaleB(1, -60));
            Assert.InRange(Math.Abs(Count(i)), 0, 1 << 22);
        }
    }

    private static float[] Each(Func<int, float, float, float> compute) =>
        [.. Enumerable.Range(0, Cases.Length / MultiplyAddProbe.CaseWords).Select(i => compute(Count(i), Bits(Cases[i * 3 + 1]), Bits(Cases[i * 3 + 2])))];

    private static int Count(int i) => unchecked((int)Cases[i * 3]);

    private static float Bits(uint bits) => BitConverter.UInt32BitsToSingle(bits);
}
