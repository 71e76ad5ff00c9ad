namespace ParScale.Kernels.Attention;

internal static unsafe partial class CausalAttention
{
    /// <summary>The plain loops that <see cref="Run"/> must agree with, in double precision, on keys and values as stored.</summary>
    public static void Reference(AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<AttentionSequence> sequences, Span<float> y)
    {
        bool shared = queries.Length != y.Length;
        int firstToken = 0, firstRow = 0, width = shape.Heads * shape.HeadSize;
        foreach (AttentionSequence sequence in sequences)
        {
            for (int row = 0; row < sequence.Rows; row++)
            {
                int helper = row - sequence.Streams * sequence.Count;
                int token = helper < 0 ? row % sequence.Count : sequence.Helpers.Rows.Span[helper].Token;
                int asked = shared ? firstToken + token : firstRow + row;
                for (int head = 0; head < shape.Heads; head++)
                {
                    var slots = new Slots(sequence, row, head / (shape.Heads / shape.KeyValueHeads));
                    int at = head * shape.HeadSize;
                    One(shape, queries.Slice(asked * width + at, shape.HeadSize), slots, y.Slice((firstRow + row) * width + at, shape.HeadSize));
                }
            }
            firstToken += sequence.Count;
            firstRow += sequence.Rows;
        }
    }

    private static void One(AttentionShape shape, ReadOnlySpan<float> q, Slots slots, Span<float> y)
    {
        int[] seen = [.. Enumerable.Range(0, slots.Count).Where(slot => slots.IsSeen(slot, shape.Window))];
        var weights = new double[seen.Length];
        for (int j = 0; j < weights.Length; j++)
        {
            for (int d = 0; d < q.Length; d++) weights[j] += (double)q[d] * slots.Key(seen[j], d);
            weights[j] *= shape.Scale;
            if (shape.SoftCap != 0) weights[j] = shape.SoftCap * Math.Tanh(weights[j] / shape.SoftCap);
        }
        double max = weights.Max();
        for (int j = 0; j < weights.Length; j++) weights[j] = Math.Exp(weights[j] - max);
        double sum = weights.Sum();
        for (int d = 0; d < q.Length; d++)
        {
            double total = 0;
            for (int j = 0; j < weights.Length; j++) total += weights[j] / sum * slots.Value(seen[j], d);
            y[d] = (float)total;
        }
    }

    // What one row sees of one key-value head: learned slots, tokens, and of a helper its own slot, which is the last one.
    private readonly struct Slots(AttentionSequence sequence, int row, int head)
    {
        private readonly int _helper = row - sequence.Streams * sequence.Count;

        public int Count => Before + Tokens + (HasOwn ? 1 : 0);

        public bool IsSeen(int slot, int window) => slot < Before || slot - Before > Token - window;

        public double Key(int slot, int d) => slot < Before ? Prefix!.Key(Learned, head, slot, d)
            : HasOwn && slot == Count - 1 ? sequence.Helpers.Own!.Key(sequence.Helpers.First + _helper, head, 0, d)
            : sequence.Tokens.Key(Stream, head, slot - Before, d);

        public double Value(int slot, int d) => slot < Before ? Prefix!.Value(Learned, head, slot, d)
            : HasOwn && slot == Count - 1 ? sequence.Helpers.Own!.Value(sequence.Helpers.First + _helper, head, 0, d)
            : sequence.Tokens.Value(Stream, head, slot - Before, d);

        private int Token => sequence.Filled + (_helper < 0 ? row % sequence.Count : sequence.Helpers.Rows.Span[_helper].Token);

        private int Tokens => HasOwn ? Token : Token + 1;

        private bool HasOwn => _helper >= 0 && sequence.Helpers.Own is not null;

        private KvBuffer? Prefix => _helper < 0 ? sequence.Prefix : sequence.Helpers.Prefix;

        private int Learned => _helper < 0 ? row / sequence.Count : sequence.Helpers.Rows.Span[_helper].Slots;

        private int Stream => sequence.Tokens.Streams == 1 ? 0 : row / sequence.Count;

        private int Before => Prefix?.Capacity ?? 0;
    }
}
