using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Tests.Support;
using Silk.NET.Vulkan;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>Matrices are used only after they gave the right bits: a driver that fails while they are tried leaves none in use.</summary>
public sealed class MatrixProbeTests
{
    private readonly DeviceDescription _device;

    public MatrixProbeTests(TestDevice test)
    {
        _device = test.Device.Description;
        if (_device.Matrices.Count == 0) Assert.Skip("this device has no matrices that products take");
    }

    [Theory]
    [InlineData(FaultyDriver.Pipelines, Result.ErrorOutOfDeviceMemory)]
    [InlineData(FaultyDriver.Pipelines, Result.ErrorInvalidShaderNV)]
    [InlineData(FaultyDriver.Allocate, Result.ErrorOutOfDeviceMemory)]
    [InlineData(FaultyDriver.Submit, Result.ErrorOutOfHostMemory)]
    public void A_driver_that_refuses_leaves_products_without_matrices(string refused, Result answer)
    {
        // At each call in turn and all after it, until none fails.
        int failed = 1;
        for (int allowed = 0; failed > 0; allowed++)
        {
            int left = allowed;
            failed = 0;
            using var faulty = new FaultyDevice(_device);
            faulty.Driver.Answer = call =>
            {
                if (call != refused || left-- > 0) return null;
                failed++;
                return answer;
            };
            MatrixShape? chosen = faulty.Device.Matrices;
            if (failed > 0) Assert.Null(chosen);
        }
    }

    [Fact]
    public void A_device_that_is_lost_meanwhile_has_none_in_use()
    {
        for (int allowed = 0; ; allowed++)
        {
            using var faulty = new FaultyDevice(_device);
            int left = allowed;
            faulty.Driver.Answer = call => call == FaultyDriver.Submit && left-- <= 0 ? Result.ErrorDeviceLost : null;
            try
            {
                Assert.NotNull(faulty.Device.Matrices);
                Assert.True(allowed > 6);
                break;
            }
            catch (ParScaleException lost)
            {
                Assert.Equal("VK-01", lost.Code);
                Assert.Null(faulty.Device.Matrices);
            }
        }
    }
}
