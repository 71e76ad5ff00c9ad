using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Kernels;

namespace ParScale.Vulkan.Tests.Support;

internal sealed partial class AttentionBatch
{
    // One sequence: its caches on both sides, filled with the same random numbers.
    private sealed class Member : IDisposable
    {
        private readonly AttentionBatch _batch;

        public Member(AttentionBatch batch)
        {
            _batch = batch;
            Random random = batch._random;
            int all = random.Next(1, 5), size = batch.Shape.HeadSize, heads = batch.Shape.KeyValueHeads;
            IsAnchored = all > 1 && random.Next(2) == 0;
            (Streams, PrefixStreams) = (IsAnchored ? 1 : all, IsAnchored ? all - 1 : all);
            Slots = all == 1 ? 0 : random.Next(1, 20);
            (Filled, Count) = (random.Next(batch.Kind.Longest), batch.Kind.OneToken ? 1 : random.Next(1, 6));
            Capacity = Filled + Count + random.Next(4);
            if (IsAnchored)
            {
                // At the last tokens, some of the helpers.
                int wanted = random.Next(1, Count + 1);
                Helpers = [.. from t in Enumerable.Range(Count - wanted, wanted) from p in Enumerable.Range(0, all - 1) where random.Next(3) > 0 select new HelperRow(p, t)];
                Own = new KvBuffer(batch.Kind.Format, Math.Max(1, Helpers.Length), heads, size, 1);
            }
            Cache = new KvBuffer(batch.Kind.Format, batch.Kind.FirstLayer ? 1 : Streams, heads, size, Capacity);
            Prefix = Slots == 0 ? null : new KvBuffer(batch.Kind.Format, PrefixStreams, heads, size, Slots);
            CacheWords = Words(1 + (Layers - 1) * Streams, Capacity);
            PrefixWords = Words(Layers * PrefixStreams, Slots);
            Fill(Cache, CacheWords, FirstBlock, Capacity, Filled);
            if (Prefix is not null) Fill(Prefix, PrefixWords, batch.Layer * PrefixStreams, Slots, Slots);
        }

        public bool IsAnchored { get; }

        /// <summary>Of the cache.</summary>
        public int Streams { get; }

        public int PrefixStreams { get; }

        public int Slots { get; }

        public int Filled { get; }

        public int Count { get; }

        public int Capacity { get; }

        public HelperRow[] Helpers { get; } = [];

        public int Rows => Streams * Count + Helpers.Length;

        public KvBuffer Cache { get; }

        public KvBuffer? Prefix { get; }

        public KvBuffer? Own { get; }

        public uint[] CacheWords { get; }

        public uint[] PrefixWords { get; }

        public int FirstBlock => _batch.Kind.FirstLayer ? 0 : 1 + (_batch.Layer - 1) * Streams;

        public void Dispose()
        {
            Cache.Dispose();
            Prefix?.Dispose();
            Own?.Dispose();
        }

        // What must not be read is NaN.
        private uint[] Words(int blocks, int capacity)
        {
            var words = new uint[Math.Max(1, Attention.Bytes(_batch.Shape, _batch.Kind.Format, blocks, capacity) / sizeof(uint))];
            words.AsSpan().Fill(0x7FC07FC0);
            return words;
        }

        private void Fill(KvBuffer buffer, uint[] words, int firstBlock, int capacity, int slots)
        {
            int size = _batch.Shape.HeadSize, heads = buffer.Heads;
            KvDtype format = _batch.Kind.Format;
            for (int stream = 0; stream < buffer.Streams; stream++)
            {
                for (int slot = 0; slot < slots; slot++)
                {
                    float[] keys = DeviceTest.Draw(_batch._random, heads * size, 2), values = DeviceTest.Draw(_batch._random, heads * size);
                    buffer.Store(stream, slot, keys, values);
                    for (int head = 0; head < heads; head++)
                    {
                        foreach (bool isValue in (ReadOnlySpan<bool>)[false, true])
                        {
                            int at = Support.CacheWords.Place(format, size, firstBlock + stream, isValue, heads, head, capacity, slot);
                            Support.CacheWords.Write(
                                format, (isValue ? values : keys).AsSpan(head * size, size), isValue, words.AsSpan(at, Attention.SlotWords(format, size)));
                        }
                    }
                }
            }
        }
    }
}
