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
    public Recording Copy(DeviceBuffer from, DeviceBuffer to, long bytes, long fromOffset = 0, long toOffset = 0) => Copy(from, to, [(fromOffset, toOffset, bytes)]);

    /// <summary>Copies pieces that do not overlap from one buffer to another.</summary>
    public Recording Copy(DeviceBuffer from, DeviceBuffer to, params ReadOnlySpan<(long From, long To, long Bytes)> pieces)
    {
        var regions = new BufferCopy[pieces.Length];
        for (int i = 0; i < regions.Length; i++)
        {
            (long start, long target, long bytes) = pieces[i];
            if (start < 0 || target < 0 || bytes < 1 || bytes > from.Bytes - start || bytes > to.Bytes - target)
                throw new ArgumentOutOfRangeException(nameof(pieces), "the bytes to copy do not lie in both buffers");
            regions[i] = new BufferCopy((ulong)(from.Offset + start), (ulong)(to.Offset + target), (ulong)bytes);
        }
        Begin("copy", [(from, Access.Read), (to, Access.Write)], hostBytes: to.Slab.Place == Place.FromDevice ? regions.Sum(region => (long)region.Size) : 0);
        fixed (BufferCopy* all = regions) _vk.CmdCopyBuffer(_commands, from.Slab.Handle, to.Slab.Handle, (uint)regions.Length, all);
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
    /// <exception cref="ParScaleException">VK-01: the device was lost; VK-06: it does not answer.</exception>
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

    private void Begin(string name, IReadOnlyList<(DeviceBuffer Buffer, Access Access)> uses, Arguments? arguments = null, long hostBytes = 0)
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
        _log.Add(new RecordedCommand(name, uses, waits) { Arguments = arguments, HostBytes = hostBytes });
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
