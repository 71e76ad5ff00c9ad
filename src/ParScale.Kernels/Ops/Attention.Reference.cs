namespace ParScale.Kernels.Ops;

internal static unsafe partial class Attention
{
    /// <summary>The plain loops that <see cref="Run"/> must agree with, in double precision. Same shapes.</summary>
    public static void Reference(
        AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<float> y)
    {
        int size = shape.HeadSize, perGroup = shape.Heads / shape.KeyValueHeads;
        for (int item = 0; item < shape.Streams * shape.Queries * shape.Heads; item++)
        {
            int head = item % shape.Heads, query = item / shape.Heads % shape.Queries, stream = item / shape.Heads / shape.Queries;
            int cache = (stream * shape.KeyValueHeads + head / perGroup) * shape.Capacity * size;
            var weights = new double[shape.Filled + query + 1];
            for (int j = 0; j < weights.Length; j++)
            {
                for (int d = 0; d < size; d++) weights[j] += (double)queries[item * size + d] * keys[cache + j * size + d];
                weights[j] /= Math.Sqrt(size);
            }
            double max = weights.Max();
            for (int j = 0; j < weights.Length; j++) weights[j] = Math.Exp(weights[j] - max);
            double sum = weights.Sum();
            for (int d = 0; d < size; d++)
            {
                double total = 0;
                for (int j = 0; j < weights.Length; j++) total += weights[j] / sum * values[cache + j * size + d];
                y[item * size + d] = (float)total;
            }
        }
    }
}
