using ParScale.Benchmarking;

namespace ParScale.Tests.Benchmarking;

public class MachineSpeedTests
{
    [Fact]
    public void Every_machine_reads_and_multiplies()
    {
        var speed = MachineSpeed.Measure();
        Assert.InRange(speed.ReadRate, 1e8, 1e13);
        Assert.InRange(speed.Float32Rate, 1e7, 1e15);
        Assert.InRange(speed.Int8Rate, 1e7, 1e15);
        Assert.Equal(4 * 5, speed.Products.Select(product => product.Case).Distinct().Count());
        Assert.All(speed.Products, product => Assert.InRange(product.Rate.Median, 1e6, 1e15));
    }
}
