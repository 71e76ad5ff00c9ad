using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Memory;

namespace ParScale.Kernels.Attention;

/// <summary>Turns the queries and keys of new tokens by their positions and stores keys and values.</summary>
internal static unsafe class KvAppend
{
    // Numbers; below this a hand-over to another thread costs more than it saves.
    private const int SmallestShare = 4 * 1024;

    /// <summary>
    /// queries: [R, Heads, D], turned in place, and keys: [R, KeyValueHeads, D], likewise; values as keys. A sequence has S * Count
    /// rows, stream-major, S being the streams in its buffer, and then those of helpers with keys and values of their own; the rows of
    /// the sequences follow each other. cosine, sine: [T, D/2] of their new tokens, [T, h] when only the first 2h numbers of a head turn, or empty when none does.
    /// </summary>
    /// <exception cref="ArgumentException">A length or a buffer does not fit.</exception>
    public static void Run(
        AttentionShape shape, Span<float> queries, Span<float> keys, ReadOnlySpan<float> values, ReadOnlySpan<float> cosine,
        ReadOnlySpan<float> sine, ReadOnlySpan<AttentionSequence> sequences, Scratch scratch, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(scratch);
        ArgumentNullException.ThrowIfNull(pool);
        int tokens = 0, rows = 0;
        foreach (AttentionSequence sequence in sequences)
        {
            KvBuffer buffer = sequence.Tokens;
            bool fits = buffer.Heads == shape.KeyValueHeads && buffer.Layout.HeadSize == shape.HeadSize;
            if (!fits || (long)sequence.Filled + sequence.Count > buffer.Capacity) throw new ArgumentException("a sequence's cache does not fit");
            if (sequence.Helpers.Count > 0) CausalAttention.CheckHelpers(shape, sequence);
            tokens += sequence.Count;
            rows += sequence.StoredRows;
        }
        var spans = (AttentionSpan*)scratch.Take(AttentionSpan.BytesFor(sequences));
        AttentionSpan.Fill(sequences, spans, shared: false, stored: true);
        if (queries.Length != (long)rows * shape.Heads * shape.HeadSize) throw new ArgumentException("queries are not [R, Heads, D]");
        if (keys.Length != (long)rows * shape.KeyValueHeads * shape.HeadSize || values.Length != keys.Length)
            throw new ArgumentException("keys and values are not [R, KeyValueHeads, D]");
        int half = cosine.Length / Math.Max(1, tokens);
        if (cosine.Length != tokens * half || sine.Length != cosine.Length || 2 * half > shape.HeadSize)
            throw new ArgumentException("cosine and sine are not [T, h]");
        fixed (float* q = queries, k = keys, v = values, c = cosine, s = sine)
        {
            var job = new Job(shape, sequences[0].Tokens.Layout, spans, sequences.Length, q, k, v, c, s, half);
            pool.Run(ref job, rows, Math.Max(1, SmallestShare / ((shape.Heads + 2 * shape.KeyValueHeads) * shape.HeadSize)));
        }
        foreach (AttentionSequence sequence in sequences)
        {
            GC.KeepAlive(sequence.Tokens);
            GC.KeepAlive(sequence.Helpers.Own);
        }
    }

    private readonly struct Job(
        AttentionShape shape, KvLayout layout, AttentionSpan* spans, int count, float* queries, float* keys, float* values, float* cosine,
        float* sine, int half)
        : IRangeJob
    {
        private readonly AttentionShape _shape = shape;
        private readonly KvLayout _layout = layout;
        private readonly AttentionSpan* _spans = spans, _end = spans + count;
        private readonly float* _queries = queries;
        private readonly float* _keys = keys;
        private readonly float* _values = values;
        private readonly float* _cosine = cosine;
        private readonly float* _sine = sine;
        private readonly int _half = half;

        public void Run(int start, int end)
        {
            AttentionSpan* span = _spans;
            for (int row = start; row < end; row++)
            {
                while (span + 1 < _end && row >= span[1].FirstRow) span++;
                One(*span, row);
            }
        }

        private void One(in AttentionSpan span, int row)
        {
            int local = row - span.FirstRow, helper = local - span.KeyStreams * span.Count, size = _shape.HeadSize;
            int stream = local / span.Count, token = helper < 0 ? local % span.Count : span.Helpers[helper].Token;
            int queryWidth = _shape.Heads * size, keyWidth = _shape.KeyValueHeads * size;
            float* key = _keys + (long)row * keyWidth, value = _values + (long)row * keyWidth;
            if (_half > 0)
            {
                long angle = (long)(span.FirstToken + token) * _half;
                var cosine = new ReadOnlySpan<float>(_cosine + angle, _half);
                var sine = new ReadOnlySpan<float>(_sine + angle, _half);
                Rope.Run(new Span<float>(_queries + (long)row * queryWidth, queryWidth), size, cosine, sine);
                Rope.Run(new Span<float>(key, keyWidth), size, cosine, sine);
            }

            if (helper >= 0)
            {
                for (int head = 0; head < _shape.KeyValueHeads; head++)
                    span.StoreOwn(_layout, helper * _shape.KeyValueHeads + head, key + head * size, value + head * size);
                return;
            }
            int slot = span.Filled + token;
            bool last = token + 1 == span.Count;
            for (int head = 0; head < _shape.KeyValueHeads; head++)
                span.Store(_layout, stream * _shape.KeyValueHeads + head, slot, key + head * size, value + head * size, last);
        }
    }
}
