using ParScale.Kernels.Machine;

namespace ParScale.Kernels.Tests.Machine;

public class FloorsTests
{
    [Theory]
    [InlineData(1024)]
    [InlineData(3 << 20)]
    public void Bandwidth_is_a_speed(long bytes)
    {
        using var pool = new WorkerPool(2);
        using var memory = new ReadBandwidth(bytes);
        Assert.InRange(memory.Measure(pool), double.Epsilon, 1e14);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReadBandwidth(1023));
    }

    [Fact]
    public void Dot_rates_are_speeds()
    {
        using var pool = new WorkerPool(2);
        double floats = DotRate.Float32(pool), bytes = DotRate.Int8(pool);
        Assert.InRange(floats, 1e6, 1e14);
        Assert.InRange(bytes, 1e6, 1e15);
        TestContext.Current.SendDiagnosticMessage($"{floats / 1e9:F1} G float32 and {bytes / 1e9:F1} G 8-bit multiply-adds a second");
    }
}
