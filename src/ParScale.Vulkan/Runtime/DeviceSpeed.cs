using System.Diagnostics;
using ParScale.Vulkan.Devices;

namespace ParScale.Vulkan.Runtime;

/// <summary>
/// Measures what a device does at best: reading its memory, and commands that do nothing. For one thread, while nobody else of the process uses it; as often as wanted, so that
/// whoever else uses it slows all figures alike.
/// </summary>
internal sealed class DeviceSpeed : IDisposable
{
    private const int Lanes = 256, Groups = 2048, Repeats = 4, Commands = 256;

    // More than the caches of any card, where it has that much; what a software driver reads in a moment.
    private const long MostBytes = 1L << 30, MostBytesInSoftware = 64L << 20, ShareOfMemory = 4;

    private const int VectorBytes = 16;

    private readonly DeviceBuffers _buffers;
    private readonly Recording _reads, _commands, _oneCommand;
    private readonly long _bytes;

    /// <summary>Takes the memory to read, up to a gigabyte.</summary>
    /// <exception cref="ParScaleException">VK-02: the device has no memory for it.</exception>
    public DeviceSpeed(VulkanDevice device)
    {
        DeviceDescription what = device.Description;
        long left = (what.MemoryBudget ?? what.Memory) - device.Memory.Bytes;
        long most = Math.Min(left / ShareOfMemory, what.IsSoftware ? MostBytesInSoftware : MostBytes);
        _bytes = Math.Max(VectorBytes, Math.Min(most, device.Memory.LargestBuffer) / DeviceMemory.Alignment * DeviceMemory.Alignment);
        _buffers = new DeviceBuffers(device);
        DeviceBuffer x = _buffers.Allocate(_bytes), y = _buffers.Allocate((long)Groups * Lanes * sizeof(uint));
        using (Recording clear = device.Record()) clear.Clear(x).Clear(y).Submit();
        ShaderKernel read = device.Kernel("read", Lanes);
        Recording Record(int count, long bytes, int groups)
        {
            Recording recording = device.Record();
            for (int i = 0; i < count; i++) recording.Run(read, new Arguments().Read(x).Write(y).Number((int)(bytes / VectorBytes)), groups);
            return recording;
        }
        (_reads, _commands, _oneCommand) = (Record(Repeats, _bytes, Groups), Record(Commands, VectorBytes, 1), Record(1, VectorBytes, 1));
        foreach (Recording recording in (Recording[])[_reads, _commands, _oneCommand]) recording.Submit();
    }

    /// <summary>Bytes a second of reading memory.</summary>
    public double MeasureRead() => Repeats * (double)_bytes / Seconds(_reads);

    /// <summary>Seconds of a dispatch of one workgroup that waits for the one before it, when many are submitted together.</summary>
    public double MeasureDispatch() => Math.Max(0, Seconds(_commands) - Seconds(_oneCommand)) / (Commands - 1);

    /// <summary>Seconds of submitting one such dispatch and waiting for it.</summary>
    public double MeasureSubmit() => Seconds(_oneCommand);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Recording recording in (Recording[])[_reads, _commands, _oneCommand]) recording.Dispose();
        _buffers.Dispose();
    }

    private static double Seconds(Recording recording)
    {
        long start = Stopwatch.GetTimestamp();
        recording.Submit();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
