using ParScale.Kernels.Formats;
using ParScale.ScalingLaws.Cost;

namespace ParScale.ScalingLaws.Tests.Cost;

public class DevicesTests
{
    [Fact]
    public void Every_device_has_sane_figures_and_a_source() => Assert.All(Devices.All, device =>
    {
        Assert.NotEmpty(device.Source);
        Assert.Same(device, Devices.Find(device.Name.ToUpperInvariant()));
        Assert.InRange(device.ReadEfficiency, 0.5, 1);
        Assert.InRange(device.ComputeEfficiency, 0.3, 1);
        Assert.InRange(device.ReadRate, 1e10, 1e13);
        Assert.True(device.Float32Rate <= device.Bf16Rate && device.Bf16Rate < device.Int8Rate);
    });

    [Fact]
    public void The_papers_card_is_the_papers()
    {
        Device a100 = Assert.IsType<Device>(Devices.Find("a100"));
        Assert.Equal(2039e9 * 0.9, a100.ReadReached, 1.0);
        Assert.Equal(312e12 / 2 * 0.7, a100.ProductRate(WeightDtype.Bf16), 1.0);
    }

    [Fact]
    public void The_measured_machine_multiplies_bf16_as_float32()
    {
        Device here = Devices.Measured("here", 1e10, 3e10, 1e11, 4e11);
        Assert.Equal(Devices.This, here.Name);
        Assert.Equal(here.ProductRate(WeightDtype.F32), here.ProductRate(WeightDtype.Bf16));
        Assert.Equal(4, here.ProductRate(WeightDtype.Q4) / here.ProductRate(WeightDtype.F32), 1e-9);
    }

    [Fact]
    public void Unknown_names_are_none() => Assert.Null(Devices.Find("tpu"));
}
