using ParScale.Kernels.KeysValues;

namespace ParScale.Kernels.Ops;

internal static unsafe partial class Attention
{
    /// <summary>The plain loops that <see cref="Run"/> must agree with, in double precision, on keys and values as stored.</summary>
    public static void Reference(
        AttentionShape shape, ReadOnlySpan<float> queries, KvBuffer? prefix, ReadOnlySpan<AttentionSequence> sequences, Span<float> y)
    {
        int first = 0;
        foreach (AttentionSequence sequence in sequences)
        {
            for (int item = 0; item < shape.Streams * sequence.Count * shape.Heads; item++)
            {
                int head = item % shape.Heads, query = item / shape.Heads % sequence.Count, stream = item / shape.Heads / sequence.Count;
                int place = ((first + query) * shape.Heads + head) * shape.HeadSize, perStream = shape.Tokens * shape.Heads * shape.HeadSize;
                ReadOnlySpan<float> q = queries.Slice(place + (queries.Length == y.Length ? stream * perStream : 0), shape.HeadSize);
                Span<float> output = y.Slice(place + stream * perStream, shape.HeadSize);
                One(q, prefix, sequence.Tokens, stream, head / (shape.Heads / shape.KeyValueHeads), sequence.Filled + query + 1, output);
            }
            first += sequence.Count;
        }
    }

    private static void One(ReadOnlySpan<float> q, KvBuffer? prefix, KvBuffer tokens, int stream, int head, int visible, Span<float> y)
    {
        int before = prefix?.Capacity ?? 0, own = tokens.Streams == 1 ? 0 : stream;
        var weights = new double[before + visible];
        for (int j = 0; j < weights.Length; j++)
        {
            for (int d = 0; d < q.Length; d++)
                weights[j] += (double)q[d] * (j < before ? prefix!.Key(stream, head, j, d) : tokens.Key(own, head, j - before, d));
            weights[j] /= Math.Sqrt(q.Length);
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
