using ParScale.Checkpoints.Safetensors;

namespace ParScale.Tests.Checkpoints.Safetensors;

public class TensorSizeTests
{
    [Theory]
    [InlineData(TensorType.F32, new long[] { 3, 5 }, 60)]
    [InlineData(TensorType.BF16, new long[] { 3, 5 }, 30)]
    [InlineData(TensorType.F64, new long[0], 8)]
    [InlineData(TensorType.Bool, new long[] { 7 }, 7)]
    [InlineData(TensorType.F32, new long[] { 0, long.MaxValue }, 0)]
    public void Size_is_the_product(TensorType type, long[] shape, long bytes) => Assert.Equal(bytes, TensorSize.Bytes(type, shape));

    [Theory]
    [InlineData(new long[] { 1L << 61 })]
    [InlineData(new long[] { 1L << 32, 1L << 32 })]
    [InlineData(new long[] { 4194305, 4194305, 211106198978564 })]
    public void A_product_that_wraps_throws(long[] shape) =>
        Assert.Throws<OverflowException>(() => TensorSize.Bytes(TensorType.F32, shape));

    [Fact]
    public void A_negative_axis_throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TensorSize.Bytes(TensorType.F32, [2, -2]));
}
