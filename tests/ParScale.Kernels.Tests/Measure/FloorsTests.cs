using ParScale.Kernels.Measure;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.Tests.Measure;

public class FloorsTests
{
    [Theory]
    [InlineData(1024)]
    [InlineData(3 << 20)]
    public void Bandwidth_is_a_speed(long bytes)
    {
        using var pool = new WorkerPool(2);
        using var memory = new ReadBandwidth(bytes);
        Assert.InRange(memory.Measure(pool), 1e5, 1e14);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReadBandwidth(1023));
    }

    [Fact]
    public void Dot_rates_are_speeds()
    {
        using var pool = new WorkerPool(2);
        Assert.InRange(DotRate.Float32(pool), 1e6, 1e14);
    }
}
