using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Runtime;

/// <summary>What a device is measured to do.</summary>
public class DeviceSpeedTests(TestDevice test) : DeviceTest(test)
{
    [Fact]
    public void Reading_and_dispatching_take_time_and_memory_is_given_back()
    {
        long bytes = Device.Memory.Bytes;
        using (var speed = new DeviceSpeed(Device))
        {
            Assert.InRange(speed.MeasureRead(), 1e6, 1e14);
            Assert.InRange(speed.MeasureDispatch(), 0, 1);
            Assert.InRange(speed.MeasureSubmit(), 1e-9, 10);
        }
        Assert.Equal(bytes, Device.Memory.Bytes);
    }

    [Fact]
    public void The_shader_reads_every_number()
    {
        // 3 workgroups of 256 lanes, each lane several times, the last round not by all.
        const int vectors = 3 * 256 * 4 + 100, lanes = 3 * 256;
        var random = new Random(4);
        var values = new uint[vectors * 4];
        foreach (ref uint value in values.AsSpan()) value = (uint)random.NextInt64(1L << 32);
        DeviceBuffer x = Upload<uint>(values), y = Allocate(lanes * sizeof(uint));
        Run(recording => recording.Run(Device.Kernel("read", 256), new Arguments().Read(x).Write(y).Number(vectors), 3));
        var expected = new uint[lanes];
        for (int i = 0; i < values.Length; i++) expected[i / 4 % lanes] ^= values[i];
        Assert.Equal(expected, Read<uint>(y, lanes));
    }
}
