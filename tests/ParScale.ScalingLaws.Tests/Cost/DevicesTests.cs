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
        // Shaders without matrix units unpack what they multiply.
        Assert.True(device.Float32Rate <= device.Bf16Rate && (device.DispatchSeconds > 0 || device.Bf16Rate <= device.Int8Rate));
    });

    [Fact]
    public void On_Vulkan_a_card_has_its_own_memory_and_every_shader_takes_time()
    {
        Device[] onVulkan = [.. Devices.All.Where(device => device.DispatchSeconds > 0)];
        Assert.Equal(["h200-vulkan", "rtx4090-vulkan", "rx7900xtx-vulkan", "b580-vulkan", "radeon780m-vulkan"], onVulkan.Select(device => device.Name));
        foreach (Device device in onVulkan)
        {
            Device card = Assert.IsType<Device>(Devices.Find(device.Name.Replace("-vulkan", "", StringComparison.Ordinal)));
            Assert.Equal((card.MemoryBytes, card.ReadRate, card.Float32Rate), (device.MemoryBytes, device.ReadRate, device.Float32Rate));
            var query = new CostQuery
            {
                Shape = Assert.IsType<ModelShape>(PublishedShapes.Find("1.8B")),
                Streams = 1,
                Weights = Kernels.Formats.WeightDtype.Q8,
                Cache = Kernels.Formats.KvDtype.Bf16,
                Work = new Workload(1, 64, 1),
                Device = device,
            };
            double without = CostModel.DecodeSeconds(query with { Device = device with { DispatchSeconds = 0 } }, 64);
            Assert.Equal((36 * Devices.VulkanLayerDispatches + Devices.VulkanPassDispatches) * device.DispatchSeconds, CostModel.DecodeSeconds(query, 64) - without, 1e-12);
        }
    }

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
