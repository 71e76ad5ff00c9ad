using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.Model;

/// <summary>
/// What makes P streams of a plain model: the prefixes of every layer and the aggregator. Several sets, of equal or different P, can
/// be resident over one copy of the weights; each request runs with one of them.
/// </summary>
public sealed class StreamSet
{
    private readonly KvBuffer[] _prefixes;

    private StreamSet(string name, StreamConfig config, KvBuffer[] prefixes, AggregatorWeights? aggregator)
    {
        (Name, Config, _prefixes, Aggregator) = (name, config, prefixes, aggregator);
    }

    /// <summary>By which a request can choose it, for example <c>p4</c>.</summary>
    public string Name { get; }

    /// <summary>P, prefix length and smoothing.</summary>
    public StreamConfig Config { get; }

    /// <summary>P.</summary>
    public int Count => Config.Count;

    /// <summary>Whether stream 0 is the plain model and owns the only cache; the others can be left out at any token.</summary>
    public bool IsAnchored => Config.Anchored;

    /// <summary>
    /// Whether a <see cref="StreamGate"/> can leave streams out at a token: helpers of an anchored model, or all streams of an
    /// elastic one that was trained for 1 stream too; the plain model runs in their place.
    /// </summary>
    public bool CanRest => Config.CanRest;

    /// <summary>Whether it has a router, which a <see cref="StreamGate"/> then asks where nothing else is chosen.</summary>
    public bool HasRouter => Router is not null;

    /// <summary>Bytes that prefixes and aggregator take in memory.</summary>
    public long Bytes => _prefixes.Sum(prefix => KvBuffer.BytesFor(prefix.Layout.Type, prefix.Streams, prefix.Heads, prefix.Layout.HeadSize, prefix.Capacity))
        + (Aggregator?.Bytes ?? 0);

    /// <summary>The plain model: P = 1, nothing learned.</summary>
    internal static StreamSet Plain { get; } = new("p1", StreamConfig.Plain, [], null);

    /// <summary>
    /// The set whose sequences have the same keys and values: of an anchored one the plain model, whatever helpers run.
    /// </summary>
    internal StreamSet Cached => IsAnchored ? Plain : this;

    /// <summary>Bit p for every stream p.</summary>
    internal ulong AllStreams => ulong.MaxValue >> (64 - Count);

    /// <summary>What expects how much all streams gain at a token; null where none was fitted.</summary>
    internal StreamRouter? Router { get; private init; }

    /// <summary>Null when P = 1.</summary>
    internal AggregatorWeights? Aggregator { get; }

    /// <summary>One line per tensor that holds NaN or infinity.</summary>
    internal IReadOnlyList<string> NonFinite { get; private init; } = [];

    private IReadOnlyList<WeightMatrix> Matrices { get; init; } = [];

    private IDisposable? Owner { get; init; }

    /// <summary>The name of a set that nobody named.</summary>
    internal static string NameOf(int streams) => FormattableString.Invariant($"p{streams}");

    /// <summary>
    /// Takes the tensors of P streams from a source; prefixes are kept as caches are. <paramref name="owner"/>, the file that mapped
    /// matrices lie in, is disposed of with the set. Of the <paramref name="routers"/> it has that of its P.
    /// </summary>
    internal static StreamSet From(
        IWeightSource source, ModelConfig model, StreamConfig config, KvDtype type, string? name = null, IDisposable? owner = null, IReadOnlyList<StreamRouter>? routers = null)
    {
        if (config.Count == 1) return Plain;
        KvBuffer[] prefixes = [.. Enumerable.Range(0, model.LayerCount).Select(layer => Store(source, model, config, type, layer))];
        return new StreamSet(name ?? NameOf(config.Count), config, prefixes, AggregatorWeights.Load(source))
        {
            NonFinite = source.NonFinite,
            Router = routers?.FirstOrDefault(router => router.Streams == config.Count),
            Matrices = source.Matrices,
            Owner = owner,
        };
    }

    /// <summary>
    /// The learned keys and values before the tokens of a layer, [P, key-value heads, prefix, D]; null when P = 1. An anchor has none:
    /// [P - 1, ...] then, of helper p at p - 1.
    /// </summary>
    internal KvBuffer? Prefix(int layer) => _prefixes.Length == 0 ? null : _prefixes[layer];

    /// <summary>Frees its memory. Nobody may read any more.</summary>
    internal void Free()
    {
        foreach (KvBuffer prefix in _prefixes) prefix.Dispose();
        foreach (WeightMatrix matrix in Matrices) matrix.Dispose();
        Owner?.Dispose();
    }

    // A checkpoint has [prefixes, heads, slot, D], a cache takes [heads, D] of one slot.
    private static KvBuffer Store(IWeightSource source, ModelConfig model, StreamConfig config, KvDtype type, int layer)
    {
        float[] prefixKeys = source.Vector($"model.layers.{layer}.self_attn.prefix_k"), prefixValues = source.Vector($"model.layers.{layer}.self_attn.prefix_v");
        int size = model.HeadSize, heads = model.KeyValueHeads, slots = config.PrefixTokens;
        var buffer = new KvBuffer(type, config.Prefixes, heads, size, slots);
        float[] keys = new float[heads * size], values = new float[heads * size];
        for (int stream = 0; stream < config.Prefixes; stream++)
        {
            for (int slot = 0; slot < slots; slot++)
            {
                for (int head = 0; head < heads; head++)
                {
                    int from = ((stream * heads + head) * slots + slot) * size;
                    prefixKeys.AsSpan(from, size).CopyTo(keys.AsSpan(head * size));
                    prefixValues.AsSpan(from, size).CopyTo(values.AsSpan(head * size));
                }
                buffer.Store(stream, slot, keys, values);
            }
        }
        return buffer;
    }
}

/// <summary>The small head that weighs the P streams of each token: z = W2 silu(W1 u + b1) + b2.</summary>
internal sealed class AggregatorWeights
{
    /// <summary>W1 [H, H*P], its inputs in hidden-major order h*P + p.</summary>
    public required WeightMatrix Inner { get; init; }

    /// <summary>b1 [H]</summary>
    public required float[] InnerBias { get; init; }

    /// <summary>W2 [P, H]</summary>
    public required WeightMatrix Outer { get; init; }

    /// <summary>b2 [P]</summary>
    public required float[] OuterBias { get; init; }

    /// <summary>Bytes in memory.</summary>
    public long Bytes => Inner.Bytes + Outer.Bytes + sizeof(float) * ((long)InnerBias.Length + OuterBias.Length);

    public static AggregatorWeights Load(IWeightSource source) => new()
    {
        Inner = source.Matrix("model.aggregate_layer.0.weight"),
        InnerBias = source.Vector("model.aggregate_layer.0.bias"),
        Outer = source.Matrix("model.aggregate_layer.2.weight"),
        OuterBias = source.Vector("model.aggregate_layer.2.bias"),
    };
}
