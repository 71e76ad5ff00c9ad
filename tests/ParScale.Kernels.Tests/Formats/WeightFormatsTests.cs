using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.Kernels.Tests.Formats;

public class WeightFormatsTests
{
    private const WeightDtype None = (WeightDtype)99;

    [Fact]
    public void Every_type_is_one_of_two_kinds()
    {
        foreach (WeightDtype type in Enum.GetValues<WeightDtype>())
        {
            if (WeightFormats.IsQuantized(type)) Assert.InRange(WeightFormats.Numbers(type).GroupSize, 32, 128);
            else Assert.InRange(WeightFormats.BytesPerValue(type), 2, 4);
        }
    }

    [Fact]
    public void A_format_that_nobody_knows_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightFormats.IsQuantized(None));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightFormats.Numbers(None));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightMatrix.SizeOf(None, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightMatrix.FromValues([1], None, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightMatrix.Random(None, 1, 1, 1, 1));
    }

    [Fact]
    public void A_format_of_the_other_kind_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightFormats.Numbers(WeightDtype.Bf16));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightFormats.BytesPerValue(WeightDtype.Q4));
        using WeightMatrix floats = WeightMatrix.FromValues([1], WeightDtype.F32, 1, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => floats.PackTile(WeightDtype.F32, 0, new byte[4096], new byte[64]));
    }
}
