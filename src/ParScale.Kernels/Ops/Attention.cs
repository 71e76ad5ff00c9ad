using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.Ops;

/// <summary>The sizes of one attention call.</summary>
/// <param name="Streams">P: streams, each with a cache of its own.</param>
/// <param name="Queries">S: new tokens per stream; their keys and values are in the cache already.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads; each serves Heads / KeyValueHeads query heads.</param>
/// <param name="HeadSize">D.</param>
/// <param name="Capacity">Slots the cache has room for, per stream and key-value head.</param>
/// <param name="Filled">Slots before the first new token: the prefix and the tokens so far.</param>
internal readonly record struct AttentionShape(
    int Streams, int Queries, int Heads, int KeyValueHeads, int HeadSize, int Capacity, int Filled);

/// <summary>
/// Grouped-query attention of S new tokens over prefix and tokens, causal: query s sees slots 0 .. Filled + s.
/// y = sum_j softmax_j(q k_j / sqrt(D)) v_j, in one pass over the slots with a running maximum and sum.
/// </summary>
internal static unsafe partial class Attention
{
    private const int Block = 64;

    // A query over this many slots is about what a hand-over to another thread costs.
    private const int SmallestShare = 256;

    /// <summary>
    /// queries, y: [P, S, Heads, D]; keys, values: [P, KeyValueHeads, Capacity, D]. y may not overlap the inputs.
    /// </summary>
    /// <exception cref="ArgumentException">A length does not fit the shape.</exception>
    public static void Run(
        AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<float> y, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        CheckLengths(shape, queries.Length, keys.Length, values.Length, y.Length);
        fixed (float* q = queries, k = keys, v = values, output = y)
        {
            var job = new Job(shape, q, k, v, output);
            pool.Run(ref job, shape.Streams * shape.Queries * shape.Heads, Math.Max(1, SmallestShare / (shape.Filled + shape.Queries)));
        }
    }

    private static void CheckLengths(AttentionShape shape, int queries, int keys, int values, int y)
    {
        long queryLength = (long)shape.Streams * shape.Queries * shape.Heads * shape.HeadSize;
        long cacheLength = (long)shape.Streams * shape.KeyValueHeads * shape.Capacity * shape.HeadSize;
        if (queries != queryLength || y != queryLength) throw new ArgumentException("queries and y are not [P, S, Heads, D]");
        if (keys != cacheLength || values != cacheLength) throw new ArgumentException("keys and values are not [P, KeyValueHeads, Capacity, D]");
        if (shape.Heads % shape.KeyValueHeads != 0) throw new ArgumentException("Heads is not a multiple of KeyValueHeads");
        if (shape.Filled < 0 || (long)shape.Filled + shape.Queries > shape.Capacity) throw new ArgumentException("the cache is too small");
    }

    private readonly struct Job(AttentionShape shape, float* queries, float* keys, float* values, float* y) : IRangeJob
    {
        private readonly AttentionShape _shape = shape;
        private readonly float* _queries = queries;
        private readonly float* _keys = keys;
        private readonly float* _values = values;
        private readonly float* _y = y;

        public void Run(int start, int end)
        {
            Span<float> scores = stackalloc float[Block];
            for (int item = start; item < end; item++) One(item, scores);
        }

        // One query of one head. item counts [P, S, Heads]. Compiled at full strength on its first call.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void One(int item, Span<float> scores)
        {
            int size = _shape.HeadSize;
            int head = item % _shape.Heads;
            int query = item / _shape.Heads % _shape.Queries;
            int stream = item / _shape.Heads / _shape.Queries;
            int group = head / (_shape.Heads / _shape.KeyValueHeads);
            long cache = ((long)stream * _shape.KeyValueHeads + group) * _shape.Capacity * size;
            var q = new ReadOnlySpan<float>(_queries + (long)item * size, size);
            var output = new Span<float>(_y + (long)item * size, size);
            float scale = 1 / MathF.Sqrt(size);
            int visible = _shape.Filled + query + 1;

            output.Clear();
            float max = float.NegativeInfinity, sum = 0;
            for (int first = 0; first < visible; first += Block)
            {
                Span<float> block = scores[..Math.Min(Block, visible - first)];
                for (int j = 0; j < block.Length; j++)
                    block[j] = scale * TensorPrimitives.Dot(q, new ReadOnlySpan<float>(_keys + cache + (long)(first + j) * size, size));

                float newMax = MathF.Max(max, TensorPrimitives.Max(block));
                float shrink = MathF.Exp(max - newMax);
                TensorPrimitives.Subtract(block, newMax, block);
                TensorPrimitives.Exp(block, block);
                sum = sum * shrink + TensorPrimitives.Sum(block);
                TensorPrimitives.Multiply(output, shrink, output);
                for (int j = 0; j < block.Length; j++)
                {
                    var value = new ReadOnlySpan<float>(_values + cache + (long)(first + j) * size, size);
                    TensorPrimitives.MultiplyAdd(value, block[j], output, output);
                }
                max = newMax;
            }
            TensorPrimitives.Divide(output, sum, output);
        }
    }
}
