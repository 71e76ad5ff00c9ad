using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.KeysValues;

/// <summary>Turns the queries and keys of new tokens by their positions and stores keys and values.</summary>
internal static unsafe class KvAppend
{
    // Numbers; below this a hand-over to another thread costs more than it saves.
    private const int SmallestShare = 4 * 1024;

    /// <summary>
    /// queries: [S, T, Heads, D], turned in place, and keys: [S, T, KeyValueHeads, D], likewise; values as keys. S is the number
    /// of streams in the sequences' buffers, T their new tokens together. cosine, sine: [T, D/2].
    /// </summary>
    /// <exception cref="ArgumentException">A length or a buffer does not fit.</exception>
    public static void Run(
        AttentionShape shape, Span<float> queries, Span<float> keys, ReadOnlySpan<float> values, ReadOnlySpan<float> cosine,
        ReadOnlySpan<float> sine, ReadOnlySpan<AttentionSequence> sequences, Scratch scratch, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(scratch);
        ArgumentNullException.ThrowIfNull(pool);
        int streams = sequences[0].Tokens.Streams, rows = streams * shape.Tokens, half = shape.HeadSize / 2;
        if (queries.Length != (long)rows * shape.Heads * shape.HeadSize) throw new ArgumentException("queries are not [S, T, Heads, D]");
        if (keys.Length != (long)rows * shape.KeyValueHeads * shape.HeadSize || values.Length != keys.Length)
            throw new ArgumentException("keys and values are not [S, T, KeyValueHeads, D]");
        if (cosine.Length != shape.Tokens * half || sine.Length != cosine.Length) throw new ArgumentException("cosine and sine are not [T, D/2]");
        var spans = (AttentionSpan*)scratch.Take((long)sequences.Length * sizeof(AttentionSpan));
        int first = 0;
        for (int i = 0; i < sequences.Length; first += sequences[i].Count, i++)
        {
            KvBuffer tokens = sequences[i].Tokens;
            bool fits = tokens.Streams == streams && tokens.Heads == shape.KeyValueHeads && tokens.Layout.HeadSize == shape.HeadSize;
            if (!fits || (long)sequences[i].Filled + sequences[i].Count > tokens.Capacity) throw new ArgumentException("a sequence's cache does not fit");
            spans[i] = AttentionSpan.Of(sequences[i], first);
        }
        if (first != shape.Tokens) throw new ArgumentException("the sequences do not have T tokens together");
        fixed (float* q = queries, k = keys, v = values, c = cosine, s = sine)
        {
            var job = new Job(shape, sequences[0].Tokens.Layout, spans, q, k, v, c, s);
            pool.Run(ref job, rows, Math.Max(1, SmallestShare / ((shape.Heads + 2 * shape.KeyValueHeads) * shape.HeadSize)));
        }
        foreach (AttentionSequence sequence in sequences) GC.KeepAlive(sequence.Tokens);
    }

    private readonly struct Job(
        AttentionShape shape, KvLayout layout, AttentionSpan* spans, float* queries, float* keys, float* values, float* cosine, float* sine)
        : IRangeJob
    {
        private readonly AttentionShape _shape = shape;
        private readonly KvLayout _layout = layout;
        private readonly AttentionSpan* _spans = spans;
        private readonly float* _queries = queries;
        private readonly float* _keys = keys;
        private readonly float* _values = values;
        private readonly float* _cosine = cosine;
        private readonly float* _sine = sine;

        public void Run(int start, int end)
        {
            for (int row = start; row < end; row++) One(row);
        }

        private void One(int row)
        {
            int stream = row / _shape.Tokens, token = row % _shape.Tokens, size = _shape.HeadSize, half = size / 2;
            int queryWidth = _shape.Heads * size, keyWidth = _shape.KeyValueHeads * size;
            var cosine = new ReadOnlySpan<float>(_cosine + token * half, half);
            var sine = new ReadOnlySpan<float>(_sine + token * half, half);
            float* key = _keys + (long)row * keyWidth, value = _values + (long)row * keyWidth;
            Rope.Run(new Span<float>(_queries + (long)row * queryWidth, queryWidth), cosine, sine);
            Rope.Run(new Span<float>(key, keyWidth), cosine, sine);

            AttentionSpan* span = _spans;
            while (token >= span->First + span->Count) span++;
            int slot = span->Filled + token - span->First;
            bool last = token + 1 == span->First + span->Count;
            for (int head = 0; head < _shape.KeyValueHeads; head++)
                span->Store(_layout, stream * _shape.KeyValueHeads + head, slot, key + head * size, value + head * size, last);
        }
    }
}
