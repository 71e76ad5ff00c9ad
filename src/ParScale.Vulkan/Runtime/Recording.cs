using Silk.NET.Vulkan;
using static ParScale.Vulkan.Runtime.VulkanError;

namespace ParScale.Vulkan.Runtime;

/// <summary>
/// Commands recorded once and run as often as wanted. It knows the last writer and the readers of each buffer, and puts a barrier where a
/// command uses what an earlier one wrote, or writes what an earlier one used.
/// </summary>
internal sealed unsafe class Recording : IDisposable
{
    /// <summary>Most workgroups along an axis that every device takes.</summary>
    public const int MostGroups = 65535;

    private readonly VulkanDevice _device;
    private readonly Vk _vk;
    private readonly CommandBuffer _commands;
    private readonly List<RecordedCommand> _log = [];

    // Since the last barrier.
    private readonly HashSet<DeviceBuffer> _written = [], _read = [];
    private bool _ended;

    internal Recording(VulkanDevice device, Vk vk, CommandBuffer commands) => (_device, _vk, _commands) = (device, vk, commands);

    /// <summary>What was recorded, in order.</summary>
    public IReadOnlyList<RecordedCommand> Log => _log;

    /// <summary>Adds a dispatch of workgroups.</summary>
    public Recording Run(ShaderKernel kernel, Arguments arguments, int x, int y = 1)
    {
        if (x < 1 || y < 1 || x > MostGroups || y > MostGroups) throw new ArgumentOutOfRangeException(nameof(x), $"{kernel.Name}: {x} x {y} workgroups");
        Begin(kernel.Name, arguments.Uses, arguments);
        _vk.CmdBindPipeline(_commands, PipelineBindPoint.Compute, kernel.Pipeline);
        fixed (byte* bytes = arguments.Bytes)
            _vk.CmdPushConstants(_commands, _device.Layout, ShaderStageFlags.ComputeBit, 0, (uint)arguments.Bytes.Length, bytes);
        _vk.CmdDispatch(_commands, (uint)x, (uint)y, 1);
        return this;
    }

    /// <summary>Copies bytes from one buffer to another.</summary>
    public Recording Copy(DeviceBuffer from, DeviceBuffer to, long bytes, long fromOffset = 0, long toOffset = 0)
    {
        if (fromOffset < 0 || toOffset < 0 || bytes < 1 || bytes > from.Bytes - fromOffset || bytes > to.Bytes - toOffset)
            throw new ArgumentOutOfRangeException(nameof(bytes), "the bytes to copy do not lie in both buffers");
        Begin("copy", [(from, Access.Read), (to, Access.Write)]);
        var region = new BufferCopy((ulong)(from.Offset + fromOffset), (ulong)(to.Offset + toOffset), (ulong)bytes);
        _vk.CmdCopyBuffer(_commands, from.Slab.Handle, to.Slab.Handle, 1, in region);
        return this;
    }

    /// <summary>Fills a buffer with zeros.</summary>
    public Recording Clear(DeviceBuffer buffer)
    {
        Begin("clear", [(buffer, Access.Write)]);
        _vk.CmdFillBuffer(_commands, buffer.Slab.Handle, (ulong)buffer.Offset, (ulong)((buffer.Bytes + 3) / 4 * 4), 0);
        return this;
    }

    /// <summary>Runs all commands and waits for them; the host then sees what they wrote.</summary>
    /// <exception cref="ParScaleException">VK-01: the device was lost.</exception>
    public void Submit()
    {
        if (!_ended) End();
        _device.Submit(_commands);
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Free(_commands);

    private void End()
    {
        Barrier(PipelineStageFlags.HostBit, AccessFlags.HostReadBit);
        Check(_vk.EndCommandBuffer(_commands));
        _ended = true;
    }

    private void Begin(string name, IReadOnlyList<(DeviceBuffer Buffer, Access Access)> uses, Arguments? arguments = null)
    {
        if (_ended) throw new InvalidOperationException("the recording has been run");
        // The first command waits for all that was submitted before.
        bool waits = _log.Count == 0;
        foreach ((DeviceBuffer buffer, Access access) in uses)
            waits |= _written.Contains(buffer.Whole) || (access.HasFlag(Access.Write) && _read.Contains(buffer.Whole));
        if (waits)
        {
            Barrier(PipelineStageFlags.ComputeShaderBit | PipelineStageFlags.TransferBit,
                AccessFlags.ShaderReadBit | AccessFlags.ShaderWriteBit | AccessFlags.TransferReadBit | AccessFlags.TransferWriteBit);
            _written.Clear();
            _read.Clear();
        }
        foreach ((DeviceBuffer buffer, Access access) in uses)
        {
            if (access.HasFlag(Access.Write)) _written.Add(buffer.Whole);
            if (access.HasFlag(Access.Read)) _read.Add(buffer.Whole);
        }
        _log.Add(new RecordedCommand(name, uses, waits) { Arguments = arguments });
    }

    private void Barrier(PipelineStageFlags stages, AccessFlags access)
    {
        var barrier = new MemoryBarrier
        {
            SType = StructureType.MemoryBarrier,
            SrcAccessMask = AccessFlags.ShaderWriteBit | AccessFlags.TransferWriteBit,
            DstAccessMask = access,
        };
        _vk.CmdPipelineBarrier(
            _commands, PipelineStageFlags.ComputeShaderBit | PipelineStageFlags.TransferBit, stages, 0, 1, in barrier, 0, null, 0, null);
    }
}
