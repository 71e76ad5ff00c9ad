using ParScale.Kernels.Elementwise;

namespace ParScale.Kernels.Tests.Elementwise;

public class WeightedSumTests
{
    [Fact]
    public void Adds_rows_at_their_stride()
    {
        float[] x = [1, 2, 99, 10, 20, 99, 100, 200], y = [7, 7];
        WeightedSum.Run([0.5f, 2, 1], x, 3, y);
        Assert.Equal([120.5f, 241f], y);
    }
}
