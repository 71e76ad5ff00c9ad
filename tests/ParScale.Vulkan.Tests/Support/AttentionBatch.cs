using ParScale.Configuration;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Tests.Support;

/// <summary>What a batch is like beside its shape.</summary>
internal sealed record BatchKind
{
    /// <summary>How caches store.</summary>
    public KvDtype Format { get; init; }

    /// <summary>Layer 0, where queries, keys and values are those of tokens; else layer 2.</summary>
    public bool FirstLayer { get; init; }

    /// <summary>What is normalized.</summary>
    public QueryKeyNorm Norm { get; init; }

    /// <summary>What queries, keys and values are cut to; 0: not at all.</summary>
    public float Clip { get; init; }

    /// <summary>Whether every sequence has one new token.</summary>
    public bool OneToken { get; init; }

    /// <summary>Sequences.</summary>
    public int Sequences { get; init; } = 2;

    /// <summary>Most earlier tokens.</summary>
    public int Longest { get; init; } = 50;
}

/// <summary>
/// Sequences with random keys and values of earlier tokens and prefixes, and new tokens, of ordinary and of anchored sets: on the CPU's caches, and
/// as words in the layout of the device.
/// </summary>
internal sealed partial class AttentionBatch : IDisposable
{
    private const int Layers = 3;

    /// <summary>Of the norm of queries and keys.</summary>
    public const float Epsilon = 1e-3f;

    private readonly List<Member> _members = [];
    private readonly Random _random;

    public AttentionBatch(Random random, AttentionShape shape, BatchKind kind)
    {
        (_random, Shape, Kind) = (random, shape, kind);
        Half = random.Next(shape.HeadSize / 2 + 1);
        for (int i = 0; i < kind.Sequences; i++) _members.Add(new Member(this));
        Tokens = _members.Sum(member => member.Count);
        Rows = _members.Sum(member => member.Rows);
        int rows = kind.FirstLayer ? Tokens : Rows, width = shape.Heads * shape.HeadSize, keyWidth = shape.KeyValueHeads * shape.HeadSize;
        (Query, Key, Value) = (DeviceTest.Draw(random, rows * width, 2), DeviceTest.Draw(random, rows * keyWidth, 2), DeviceTest.Draw(random, rows * keyWidth));
        bool heads = kind.Norm == QueryKeyNorm.Head;
        QueryNorm = kind.Norm == QueryKeyNorm.None ? [] : DeviceTest.Draw(random, heads ? shape.HeadSize : width, 2);
        KeyNorm = kind.Norm == QueryKeyNorm.None ? [] : DeviceTest.Draw(random, heads ? shape.HeadSize : keyWidth, 2);
        (Cosine, Sine) = (new float[Tokens * Half], new float[Tokens * Half]);
        var frequencies = new double[Half];
        Rope.Frequencies(10000, frequencies);
        // Of a rotation that scales as well.
        double magnitude = random.Next(2) == 0 ? 1 : 1.25;
        int token = 0;
        foreach (Member member in _members)
            for (int t = 0; t < member.Count; t++, token++)
                Rope.Angles(member.Filled + t, frequencies, magnitude, Cosine.AsSpan(token * Half, Half), Sine.AsSpan(token * Half, Half));
    }

    public AttentionShape Shape { get; }

    public BatchKind Kind { get; }

    public int Layer => Kind.FirstLayer ? 0 : 2;

    public int Half { get; }

    public int Tokens { get; }

    public int Rows { get; }

    /// <summary>[rows, heads, D], of tokens in layer 0.</summary>
    public float[] Query { get; }

    public float[] Key { get; }

    public float[] Value { get; }

    public float[] QueryNorm { get; }

    public float[] KeyNorm { get; }

    public float[] Cosine { get; }

    public float[] Sine { get; }

    public IEnumerable<uint[]> Caches => _members.Select(member => member.CacheWords);

    public IEnumerable<uint[]> Prefixes => _members.Select(member => member.PrefixWords);

    public void Dispose()
    {
        foreach (Member member in _members) member.Dispose();
    }

    /// <summary>What the shaders get: an entry for each row, or for each token.</summary>
    public PassRow[] Table(DeviceBuffer[] caches, DeviceBuffer[] prefixes, bool tokens)
    {
        var rows = new List<PassRow>();
        int token = 0;
        for (int i = 0; i < _members.Count; i++)
        {
            Member member = _members[i];
            PassRow Row(int t, int stream, int prefixStream, int slots, int helper) => new(
                caches[i].Address, prefixes[i].Address, slots, prefixStream, stream, member.Streams, member.Capacity, member.Filled + t, token + t, member.PrefixStreams, helper);
            for (int p = 0; p < (tokens ? 1 : member.Streams); p++)
                for (int t = 0; t < member.Count; t++) rows.Add(Row(t, p, p, member.IsAnchored ? 0 : member.Slots, 0));
            foreach (HelperRow helper in tokens ? [] : member.Helpers) rows.Add(Row(helper.Token, 0, helper.Slots, member.Slots, 1));
            token += member.Count;
        }
        return [.. rows];
    }

    /// <summary>The plain loops, on the CPU's caches with the new tokens in them.</summary>
    public float[] Expected()
    {
        int width = Shape.Heads * Shape.HeadSize, row = 0, token = 0;
        float[] query = [.. Query], y = new float[Rows * width];
        var sequences = new List<AttentionSequence>();
        foreach (Member member in _members)
        {
            for (int p = 0; p < (Kind.FirstLayer ? 1 : member.Streams); p++)
            {
                for (int t = 0; t < member.Count; t++, row++)
                {
                    (float[] key, float[] value) = Prepare(query, row, token + t);
                    member.Cache.Store(p, member.Filled + t, key, value);
                }
            }
            for (int i = 0; !Kind.FirstLayer && i < member.Helpers.Length; i++, row++)
            {
                (float[] key, float[] value) = Prepare(query, row, token + member.Helpers[i].Token);
                member.Own!.Store(i, 0, key, value);
            }
            token += member.Count;
            sequences.Add(member.IsAnchored
                ? new AttentionSequence(member.Cache, null, 1, member.Filled, member.Count, new HelperRows(member.Helpers, member.Prefix, Kind.FirstLayer ? null : member.Own, 0))
                : new AttentionSequence(member.Cache, member.Prefix, member.Streams, member.Filled, member.Count));
        }
        CausalAttention.Reference(Shape, query, [.. sequences], y);
        return y;
    }

    /// <summary>Fails where a new slot on the device differs from the CPU's by a bit; call it after <see cref="Expected"/>.</summary>
    public void CheckCaches(Func<int, uint[]> cacheOf)
    {
        int size = Shape.HeadSize, heads = Shape.KeyValueHeads;
        for (int i = 0; i < _members.Count; i++)
        {
            Member member = _members[i];
            uint[] words = cacheOf(i);
            for (int p = 0; p < member.Cache.Streams; p++)
                for (int slot = 0; slot < member.Filled + member.Count; slot++)
                    for (int at = 0; at < 2 * heads * size; at++)
                    {
                        (bool isValue, int head, int d) = (at >= heads * size, at / size % heads, at % size);
                        int first = CacheWords.Place(Kind.Format, size, member.FirstBlock + p, isValue, heads, head, member.Capacity, slot);
                        float actual = CacheWords.Read(Kind.Format, words.AsSpan(first), size, isValue, d);
                        float expected = isValue ? member.Cache.Value(p, head, slot, d) : member.Cache.Key(p, head, slot, d);
                        Assert.True(expected.Equals(actual), $"{Kind.Format}, slot {slot} of {member.Filled}, number {d}: {actual} is not {expected}");
                    }
        }
    }

    // Norm, clip and rotation of one row: the query in place.
    private (float[] Key, float[] Value) Prepare(float[] query, int row, int token)
    {
        int width = Shape.Heads * Shape.HeadSize, keyWidth = Shape.KeyValueHeads * Shape.HeadSize;
        Span<float> own = query.AsSpan(row * width, width);
        float[] key = Key[(row * keyWidth)..((row + 1) * keyWidth)], value = Value[(row * keyWidth)..((row + 1) * keyWidth)];
        if (QueryNorm.Length > 0)
        {
            RmsNorm.Reference(own, QueryNorm, Epsilon, own);
            RmsNorm.Reference(key, KeyNorm, Epsilon, key);
        }
        if (Kind.Clip != 0)
        {
            foreach (ref float x in own) x = Math.Clamp(x, -Kind.Clip, Kind.Clip);
            foreach (ref float x in key.AsSpan()) x = Math.Clamp(x, -Kind.Clip, Kind.Clip);
            foreach (ref float x in value.AsSpan()) x = Math.Clamp(x, -Kind.Clip, Kind.Clip);
        }
        if (Half == 0) return (key, value);
        ReadOnlySpan<float> cosine = Cosine.AsSpan(token * Half, Half), sine = Sine.AsSpan(token * Half, Half);
        Rope.Run(own, Shape.HeadSize, cosine, sine);
        Rope.Run(key, Shape.HeadSize, cosine, sine);
        return (key, value);
    }
}
