using ParScale.Configuration;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Model;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>A set of P streams on the device: the prefixes of all layers, and the aggregator. Of the plain model there is nothing.</summary>
internal sealed class DeviceStreams : IDisposable
{
    private readonly DeviceBuffers _buffers;

    public DeviceStreams(VulkanDevice device, ModelConfig config, StreamSet set, KvDtype type)
    {
        _buffers = new DeviceBuffers(device);
        (Set, Slots) = (set, set.Count == 1 ? 0 : set.Config.PrefixTokens);
        if (Slots > 0) Prefix = _buffers.Upload<uint>(Words(config, set, type));
        if (set.Aggregator is not { } weights) return;
        Inner = _buffers.Matrix(weights.Inner);
        Outer = _buffers.Matrix(weights.Outer);
        (InnerBias, OuterBias) = (_buffers.Vector(weights.InnerBias), _buffers.Vector(weights.OuterBias));
        Product = new MatMul(device, ForwardPass.MostRows / set.Count, config.HiddenSize * set.Count);
    }

    /// <summary>The set that this is.</summary>
    public StreamSet Set { get; }

    /// <summary>Slots of a prefix.</summary>
    public int Slots { get; }

    /// <summary>[layers * P, keys or values, heads, slots, D]; null without slots.</summary>
    public DeviceBuffer? Prefix { get; }

    /// <summary>W1 [H, H*P]; null where P = 1, as the others.</summary>
    public DeviceMatrix? Inner { get; }

    /// <summary>b1 [H]</summary>
    public DeviceBuffer? InnerBias { get; }

    /// <summary>W2 [P, H]</summary>
    public DeviceMatrix? Outer { get; }

    /// <summary>b2 [P]</summary>
    public DeviceBuffer? OuterBias { get; }

    /// <summary>Products with joined states, which are wider than others.</summary>
    public MatMul? Product { get; }

    /// <summary>About the bytes that a set takes.</summary>
    public static long BytesFor(StreamSet set) => set.Bytes;

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffers.Dispose();
        Product?.Dispose();
    }

    // Singles, or pairs of bfloat16, as the CPU has rounded them.
    private static uint[] Words(ModelConfig config, StreamSet set, KvDtype type)
    {
        int size = config.HeadSize, heads = config.KeyValueHeads, slots = set.Config.PrefixTokens, slot = Attention.SlotWords(type, size);
        var words = new uint[config.LayerCount * set.Count * 2 * heads * slots * slot];
        int at = 0;
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            KvBuffer prefix = set.Prefix(layer)!;
            for (int stream = 0; stream < set.Count; stream++)
                for (int part = 0; part < 2; part++)
                    for (int head = 0; head < heads; head++)
                        for (int s = 0; s < slots; s++, at += slot)
                            for (int d = 0; d < size; d++)
                            {
                                uint bits = BitConverter.SingleToUInt32Bits(part == 0 ? prefix.Key(stream, head, s, d) : prefix.Value(stream, head, s, d));
                                if (type == KvDtype.F32) words[at + d] = bits;
                                else words[at + d / 2] |= d % 2 == 0 ? bits >> 16 : bits & 0xFFFF0000;
                            }
        }
        return words;
    }
}
