using ParScale.Configuration;
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
        if (set.IsAnchored) AnchorAlone = _buffers.Upload<float>([1, .. new float[set.Count - 1]]);
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

    /// <summary>[layers * prefixes, keys or values, heads, slots, a slot]; null without slots.</summary>
    public DeviceBuffer? Prefix { get; }

    /// <summary>[P] the weights of streams where the anchor runs alone; null where there is none.</summary>
    public DeviceBuffer? AnchorAlone { get; }

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

    /// <summary>Bytes of its largest matrix.</summary>
    public static long LargestBuffer(StreamSet set) => set.Aggregator is { } weights ? DeviceMatrix.LargestBuffer(weights.Inner) : 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffers.Dispose();
        Product?.Dispose();
    }

    // The numbers as the CPU has rounded them.
    private static uint[] Words(ModelConfig config, StreamSet set, KvDtype type)
    {
        int size = config.HeadSize, heads = config.KeyValueHeads, slots = set.Config.PrefixTokens, slot = Attention.SlotWords(type, size);
        var words = new uint[config.LayerCount * set.Config.Prefixes * 2 * heads * slots * slot];
        int at = 0;
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            for (int stream = 0; stream < set.Config.Prefixes; stream++)
                for (int part = 0; part < 2; part++)
                    for (int head = 0; head < heads; head++)
                        for (int s = 0; s < slots; s++, at += slot) Attention.Slot(set.Prefix(layer)!, part == 1, stream, head, s, words.AsSpan(at, slot));
        }
        return words;
    }
}
