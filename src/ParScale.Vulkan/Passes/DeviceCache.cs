using ParScale.Configuration;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Model;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>Keys and values of a sequence on the device, as <see cref="Attention"/> has them.</summary>
internal sealed class DeviceCache : KeyValues
{
    /// <summary>What shaders count: words of 32 bits, with room for the sign.</summary>
    public const long MostBytes = (long)int.MaxValue * sizeof(uint);

    private readonly VulkanDevice _device;
    private readonly int _blocks;
    private DeviceBuffer? _buffer;

    /// <summary>Takes room for <paramref name="tokens"/> tokens.</summary>
    /// <exception cref="ParScaleException">VK-02: the device has no memory for it.</exception>
    public DeviceCache(VulkanDevice device, ModelConfig config, int streams, KvDtype type, int tokens)
        : base(config, streams, tokens, BytesFor(config, streams, type, tokens))
    {
        (_device, _blocks) = (device, Blocks(config, streams) * 2 * config.KeyValueHeads);
        if (Bytes > MostBytes)
        {
            throw new ParScaleException(ErrorKind.NotEnoughMemory, "VK-02",
                $"{tokens} tokens with {streams} streams take {Bytes} bytes of keys and values; a sequence on a device may take {MostBytes}");
        }
        lock (device.Gate) _buffer = device.Memory.Allocate(Bytes);
    }

    /// <summary>[blocks, keys or values, heads, capacity, D].</summary>
    public DeviceBuffer Buffer => _buffer ?? throw new ObjectDisposedException(nameof(DeviceCache));

    /// <summary>Bytes of keys and values of a number of tokens.</summary>
    public static long BytesFor(ModelConfig config, int streams, KvDtype type, int tokens) =>
        Attention.Bytes(new AttentionShape(config.AttentionHeads, config.KeyValueHeads, config.HeadSize, 1), type, Blocks(config, streams), tokens);

    /// <summary>Makes all keys and values zeros.</summary>
    public void Clear()
    {
        lock (_device.Gate)
        {
            using Recording clear = _device.Record();
            clear.Clear(Buffer).Submit();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_buffer is not { } buffer) return;
        _buffer = null;
        lock (_device.Gate) _device.Memory.Free(buffer);
    }

    /// <inheritdoc/>
    protected override void CopyStored(KeyValues other, int tokens)
    {
        var from = (DeviceCache)other;
        long slot = Bytes / _blocks / Capacity;
        var pieces = new (long, long, long)[_blocks];
        for (int i = 0; i < _blocks; i++) pieces[i] = (i * slot * other.Capacity, i * slot * Capacity, slot * tokens);
        lock (_device.Gate)
        {
            using Recording copy = _device.Record();
            copy.Copy(from.Buffer, Buffer, pieces).Submit();
        }
    }

    private static int Blocks(ModelConfig config, int streams) => Enumerable.Range(0, Math.Min(config.LayerCount, 2))
        .Sum(layer => StreamsIn(layer, streams) * (layer == 0 ? 1 : config.LayerCount - 1));
}
