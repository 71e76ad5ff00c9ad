using ParScale.Kernels.Attention;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Tests.Support;

/// <summary>
/// Sequences with random keys and values of earlier tokens and prefixes, and new tokens: on the CPU's caches, and as words in the layout of
/// the device. Layer 0, where queries, keys and values are those of tokens, or layer 2.
/// </summary>
internal sealed class AttentionBatch : IDisposable
{
    private const int Layers = 3;

    private readonly List<Member> _members = [];
    private readonly Random _random;

    public AttentionBatch(Random random, AttentionShape shape, KvDtype format, bool firstLayer, int sequences, int longest)
    {
        (_random, Shape, Format, FirstLayer) = (random, shape, format, firstLayer);
        Half = random.Next(1, shape.HeadSize / 2 + 1);
        for (int i = 0; i < sequences; i++) _members.Add(new Member(this, longest));
        Tokens = _members.Sum(member => member.Count);
        Rows = _members.Sum(member => member.Streams * member.Count);
        int rows = firstLayer ? Tokens : Rows, width = shape.Heads * shape.HeadSize, keyWidth = shape.KeyValueHeads * shape.HeadSize;
        (Query, Key, Value) = (DeviceTest.Draw(random, rows * width, 2), DeviceTest.Draw(random, rows * keyWidth, 2), DeviceTest.Draw(random, rows * keyWidth));
        (Cosine, Sine) = (new float[Tokens * Half], new float[Tokens * Half]);
        var frequencies = new double[Half];
        Rope.Frequencies(10000, frequencies);
        int token = 0;
        foreach (Member member in _members)
            for (int t = 0; t < member.Count; t++, token++)
                Rope.Angles(member.Filled + t, frequencies, 1, Cosine.AsSpan(token * Half, Half), Sine.AsSpan(token * Half, Half));
    }

    public AttentionShape Shape { get; }

    public KvDtype Format { get; }

    public bool FirstLayer { get; }

    public int Layer => FirstLayer ? 0 : 2;

    public int Half { get; }

    public int Tokens { get; }

    public int Rows { get; }

    /// <summary>[rows, heads, D], of tokens in layer 0.</summary>
    public float[] Query { get; }

    public float[] Key { get; }

    public float[] Value { get; }

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
            for (int p = 0; p < (tokens ? 1 : member.Streams); p++)
                for (int t = 0; t < member.Count; t++)
                    rows.Add(new PassRow(
                        caches[i].Address, prefixes[i].Address, member.Slots, p, p, member.Streams, member.Capacity, member.Filled + t, token + t, member.Streams));
            token += member.Count;
        }
        return [.. rows];
    }

    /// <summary>The plain loops, on the CPU's caches with the new tokens in them.</summary>
    public float[] Expected()
    {
        int width = Shape.Heads * Shape.HeadSize, keyWidth = Shape.KeyValueHeads * Shape.HeadSize, row = 0, token = 0;
        float[] query = [.. Query], y = new float[Rows * width];
        foreach (Member member in _members)
        {
            for (int p = 0; p < (FirstLayer ? 1 : member.Streams); p++)
            {
                for (int t = 0; t < member.Count; t++, row++)
                {
                    ReadOnlySpan<float> cosine = Cosine.AsSpan((token + t) * Half, Half), sine = Sine.AsSpan((token + t) * Half, Half);
                    Rope.Run(query.AsSpan(row * width, width), Shape.HeadSize, cosine, sine);
                    float[] key = Key[(row * keyWidth)..((row + 1) * keyWidth)];
                    Rope.Run(key, Shape.HeadSize, cosine, sine);
                    member.Cache.Store(p, member.Filled + t, key, Value.AsSpan(row * keyWidth, keyWidth));
                }
            }
            token += member.Count;
        }
        CausalAttention.Reference(Shape, query, [.. _members.Select(member => new AttentionSequence(member.Cache, member.Prefix, member.Streams, member.Filled, member.Count))], y);
        return y;
    }

    // Words of one slot: singles, or pairs of bfloat16.
    private static void Store(KvBuffer from, int stream, int head, int slot, int size, bool keys, Span<uint> to)
    {
        for (int d = 0; d < size; d++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(keys ? from.Key(stream, head, slot, d) : from.Value(stream, head, slot, d));
            if (from.Layout.Type == KvDtype.F32) to[d] = bits;
            else to[d / 2] |= d % 2 == 0 ? bits >> 16 : bits & 0xFFFF0000;
        }
    }

    private sealed class Member : IDisposable
    {
        private readonly AttentionBatch _batch;

        public Member(AttentionBatch batch, int longest)
        {
            _batch = batch;
            Random random = batch._random;
            Streams = random.Next(1, 5);
            Slots = Streams == 1 ? 0 : random.Next(1, 20);
            (Filled, Count) = (random.Next(longest), random.Next(1, 6));
            Capacity = Filled + Count + random.Next(4);
            int size = batch.Shape.HeadSize, heads = batch.Shape.KeyValueHeads;
            int stored = batch.FirstLayer ? 1 : Streams;
            Cache = new KvBuffer(batch.Format, stored, heads, size, Capacity);
            Prefix = Slots == 0 ? null : new KvBuffer(batch.Format, Streams, heads, size, Slots);
            Fill(Cache, Filled);
            if (Prefix is not null) Fill(Prefix, Slots);
            CacheWords = new uint[DeviceWords(1 + (Layers - 1) * Streams, Capacity)];
            PrefixWords = new uint[Math.Max(1, DeviceWords(Layers * Streams, Slots))];
            // What must not be read is NaN.
            CacheWords.AsSpan().Fill(0x7FC07FC0);
            PrefixWords.AsSpan().Fill(0x7FC07FC0);
            Write(Cache, CacheWords, batch.FirstLayer ? 0 : 1 + (batch.Layer - 1) * Streams, Capacity, Filled);
            if (Prefix is not null) Write(Prefix, PrefixWords, batch.Layer * Streams, Slots, Slots);
        }

        public int Streams { get; }

        public int Slots { get; }

        public int Filled { get; }

        public int Count { get; }

        public int Capacity { get; }

        public KvBuffer Cache { get; }

        public KvBuffer? Prefix { get; }

        public uint[] CacheWords { get; }

        public uint[] PrefixWords { get; }

        private int SlotWords => _batch.Format == KvDtype.F32 ? _batch.Shape.HeadSize : (_batch.Shape.HeadSize + 1) / 2;

        public void Dispose()
        {
            Cache.Dispose();
            Prefix?.Dispose();
        }

        private int DeviceWords(int blocks, int capacity) => (int)(Attention.Bytes(_batch.Shape, _batch.Format, blocks, capacity) / sizeof(uint));

        private void Fill(KvBuffer buffer, int slots)
        {
            int width = buffer.Heads * _batch.Shape.HeadSize;
            for (int stream = 0; stream < buffer.Streams; stream++)
                for (int slot = 0; slot < slots; slot++)
                    buffer.Store(stream, slot, DeviceTest.Draw(_batch._random, width, 2), DeviceTest.Draw(_batch._random, width));
        }

        private void Write(KvBuffer from, uint[] words, int firstBlock, int capacity, int slots)
        {
            int size = _batch.Shape.HeadSize, heads = from.Heads;
            for (int stream = 0; stream < from.Streams; stream++)
                for (int part = 0; part < 2; part++)
                    for (int head = 0; head < heads; head++)
                        for (int slot = 0; slot < slots; slot++)
                        {
                            int at = ((((firstBlock + stream) * 2 + part) * heads + head) * capacity + slot) * SlotWords;
                            words.AsSpan(at, SlotWords).Clear();
                            Store(from, stream, head, slot, size, part == 0, words.AsSpan(at, SlotWords));
                        }
        }
    }
}
