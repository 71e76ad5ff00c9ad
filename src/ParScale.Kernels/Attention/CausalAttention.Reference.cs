namespace ParScale.Kernels.Attention;

internal static unsafe partial class CausalAttention
{
    /// <summary>The plain loops that <see cref="Run"/> must agree with, in double precision, on keys and values as stored.</summary>
    public static void Reference(AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<AttentionSequence> sequences, Span<float> y)
    {
        bool shared = queries.Length != y.Length;
        int firstToken = 0, firstRow = 0;
        foreach (AttentionSequence sequence in sequences)
        {
            for (int item = 0; item < sequence.Streams * sequence.Count * shape.Heads; item++)
            {
                int head = item % shape.Heads, token = item / shape.Heads % sequence.Count, stream = item / shape.Heads / sequence.Count;
                int row = firstRow + stream * sequence.Count + token, asked = shared ? firstToken + token : row;
                ReadOnlySpan<float> query = queries.Slice((asked * shape.Heads + head) * shape.HeadSize, shape.HeadSize);
                Span<float> output = y.Slice((row * shape.Heads + head) * shape.HeadSize, shape.HeadSize);
                One(shape, query, sequence, stream, head / (shape.Heads / shape.KeyValueHeads), sequence.Filled + token + 1, output);
            }
            firstToken += sequence.Count;
            firstRow += sequence.Streams * sequence.Count;
        }
    }

    private static void One(AttentionShape shape, ReadOnlySpan<float> q, AttentionSequence sequence, int stream, int head, int visible, Span<float> y)
    {
        (KvBuffer tokens, KvBuffer? prefix) = (sequence.Tokens, sequence.Prefix);
        int before = prefix?.Capacity ?? 0, own = tokens.Streams == 1 ? 0 : stream;
        var weights = new double[before + visible];
        for (int j = 0; j < weights.Length; j++)
        {
            for (int d = 0; d < q.Length; d++)
                weights[j] += (double)q[d] * (j < before ? prefix!.Key(stream, head, j, d) : tokens.Key(own, head, j - before, d));
            weights[j] *= shape.Scale;
            if (shape.SoftCap != 0) weights[j] = shape.SoftCap * Math.Tanh(weights[j] / shape.SoftCap);
            if (j >= before && j - before < visible - shape.Window) weights[j] = double.NegativeInfinity;
        }
        double max = weights.Max();
        for (int j = 0; j < weights.Length; j++) weights[j] = Math.Exp(weights[j] - max);
        double sum = weights.Sum();
        for (int d = 0; d < q.Length; d++)
        {
            double total = 0;
            for (int j = 0; j < weights.Length; j++)
                total += weights[j] / sum * (j < before ? prefix!.Value(stream, head, j, d) : tokens.Value(own, head, j - before, d));
            y[d] = (float)total;
        }
    }
}
