using System.Runtime.Intrinsics;
using ParScale.Kernels.Formats;
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

    [Theory]
    [InlineData(WeightDtype.F32, 1)]
    [InlineData(WeightDtype.Bf16, 9)]
    [InlineData(WeightDtype.Q8, 8)]
    [InlineData(WeightDtype.Q4, 3)]
    public void Product_rates_are_speeds_that_no_kernel_can_have_above_the_dot_rate(WeightDtype type, int rows)
    {
        using var pool = new WorkerPool(2);
        using var kernel = new ProductRate(type, rows);
        double[] rates = [.. Enumerable.Range(0, 5).Select(_ => kernel.Measure(pool))];
        double peak = Enumerable.Range(0, 5).Max(_ => WeightFormats.IsQuantized(type) ? DotRate.Int8(pool) : DotRate.Float32(pool));
        Assert.InRange(rates.Min(), 1e5, 1e15);
        // Plain code has no best instruction to measure.
        if (!Vector128.IsHardwareAccelerated) return;
        // Four times: other work may have slowed the peak, and tiers have 4-bit forms that do more at once than the 8-bit loop.
        Assert.InRange(rates.Max(), 1e5, 4 * peak);
        TestContext.Current.SendDiagnosticMessage($"{type}, {rows} rows: {rates.Max() / 1e9:F1} G multiply-adds a second, peak {peak / 1e9:F1}");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(ProductRate.MostRows + 1)]
    public void Rows_outside_of_what_is_measured_are_refused(int rows) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProductRate(WeightDtype.Q8, rows));
}
