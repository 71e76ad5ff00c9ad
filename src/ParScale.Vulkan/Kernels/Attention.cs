using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// Attention over caches on the device, [blocks, keys or values, heads, capacity, D]: a block for layer 0 and one for each stream of the
/// others. A prefix is the same with a block for each layer and stream.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="shape">Heads and their size; as <see cref="CausalAttention"/> has them.</param>
/// <param name="format">How keys and values are stored: f32 or bf16.</param>
internal sealed class Attention(VulkanDevice device, AttentionShape shape, KvDtype format)
{
    /// <summary>Largest size of a head.</summary>
    public const int MostSize = 512;

    private readonly int _format = format switch
    {
        KvDtype.F32 => 0,
        KvDtype.Bf16 => 1,
        _ => throw new ArgumentException($"caches of {format} are not for this device", nameof(format)),
    };

    /// <summary>Bytes of a number of blocks of <paramref name="capacity"/> slots.</summary>
    public static long Bytes(AttentionShape shape, KvDtype format, int blocks, int capacity) =>
        2L * blocks * shape.KeyValueHeads * capacity * (format == KvDtype.F32 ? shape.HeadSize : (shape.HeadSize + 1) / 2) * sizeof(uint);

    /// <summary>
    /// Turns queries in place and puts turned keys and values into the caches. table: of <see cref="PassRow"/>; caches: those that it names;
    /// cosine, sine: [tokens, <paramref name="half"/>].
    /// </summary>
    public void Append(
        Recording recording, DeviceRows query, DeviceRows key, DeviceRows value, (DeviceBuffer Cosine, DeviceBuffer Sine) angles, int half, DeviceBuffer table, int rows,
        int layer, ReadOnlySpan<DeviceBuffer> caches)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shape.HeadSize, MostSize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(value.Stride, key.Stride);
        Arguments arguments = new Arguments().Update(query.Buffer).Read(key.Buffer).Read(value.Buffer).Read(angles.Cosine).Read(angles.Sine).Read(table)
            .Number(query.Stride).Number(key.Stride).Number(shape.Heads).Number(shape.KeyValueHeads).Number(shape.HeadSize).Number(half).Number(layer);
        foreach (DeviceBuffer cache in caches) arguments.Reaches(cache, Access.Write);
        recording.Run(device.Kernel("append", 64, _format), arguments, rows, shape.Heads + 2 * shape.KeyValueHeads);
    }

    /// <summary>
    /// The attention of rows. query: of rows, or of tokens with <paramref name="shared"/>; caches, prefixes: those that the table names; y: [rows, heads * D], and
    /// what lies behind stays as it is.
    /// </summary>
    public void Run(
        Recording recording, DeviceRows query, bool shared, DeviceBuffer table, int rows, int layer, ReadOnlySpan<DeviceBuffer> caches,
        ReadOnlySpan<DeviceBuffer> prefixes, DeviceRows y)
    {
        Arguments arguments = new Arguments().Read(query.Buffer).Write(y.Buffer).Read(table).Number(query.Stride).Number(y.Stride)
            .Number(shape.Heads).Number(shape.KeyValueHeads).Number(shape.HeadSize).Number(layer).Number(shape.Window).Number(shape.Scale).Number(shape.SoftCap);
        foreach (DeviceBuffer cache in caches) arguments.Reaches(cache, Access.Read);
        foreach (DeviceBuffer prefix in prefixes) arguments.Reaches(prefix, Access.Read);
        recording.Run(device.Kernel("attention", _format, shared ? 1 : 0), arguments, rows, shape.Heads);
    }
}
