using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Attention;

/// <summary>
/// Grouped-query attention of new tokens over each stream's prefix and each sequence's tokens, causal: y = sum_j
/// softmax_j(scale q k_j) v_j over all prefix slots and the tokens up to the query's own, or the last of them in a window, in one pass
/// with a running maximum and sum. A result depends neither on the threads, nor on the other sequences, nor on how a prompt is cut.
/// </summary>
internal static unsafe partial class CausalAttention
{
    // Below this many multiply-adds a hand-over to another thread costs more than it saves.
    private const long SmallestShare = 128 * 1024;

    /// <summary>
    /// queries: [R, Heads, D], R the rows of all sequences, or [T, Heads, D], T their new tokens, when all streams of a sequence
    /// ask the same; y: [R, Heads, D], may not overlap queries. The keys and values of the new tokens, and of helpers, are stored already.
    /// </summary>
    /// <exception cref="ArgumentException">A length or a buffer does not fit.</exception>
    public static void Run(
        AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<AttentionSequence> sequences, Span<float> y, Scratch scratch,
        WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(scratch);
        ArgumentNullException.ThrowIfNull(pool);
        Check(shape, queries.Length, sequences, y.Length);
        fixed (float* q = queries, output = y)
        {
            var call = new AttentionCall
            {
                Layout = sequences[0].Tokens.Layout,
                PerGroup = shape.Heads / shape.KeyValueHeads,
                Heads = shape.Heads,
                KeyValueHeads = shape.KeyValueHeads,
                ScoreFactor = MathF.Log2(MathF.E) * shape.Scale,
                ScoreCap = MathF.Log2(MathF.E) * shape.SoftCap,
                Window = Math.Min(shape.Window, AttentionShape.AllTokens),
                Queries = q,
                Y = output,
            };
            AttentionPlan plan = AttentionPlan.Make(ref call, queries.Length != y.Length, sequences, scratch, pool.ThreadCount);
            Dispatch(call, plan, pool);
            plan.JoinPartials(call);
            foreach (AttentionSequence sequence in sequences)
            {
                GC.KeepAlive(sequence.Tokens);
                GC.KeepAlive(sequence.Prefix);
                GC.KeepAlive(sequence.Helpers.Prefix);
                GC.KeepAlive(sequence.Helpers.Own);
            }
        }
    }

    private static void Check(AttentionShape shape, int queries, ReadOnlySpan<AttentionSequence> sequences, int y)
    {
        if (shape.Heads % shape.KeyValueHeads != 0) throw new ArgumentException("Heads is not a multiple of KeyValueHeads");
        if (shape.Window < 1) throw new ArgumentException("a token does not see itself");
        if (sequences.IsEmpty) throw new ArgumentException("there is no sequence");
        KvDtype type = sequences[0].Tokens.Layout.Type;
        long tokens = 0, rows = 0, width = (long)shape.Heads * shape.HeadSize;
        foreach (AttentionSequence sequence in sequences)
        {
            tokens += sequence.Count;
            rows += sequence.Rows;
            if (sequence.Count < 1 || sequence.Filled < 0 || sequence.Streams < 1) throw new ArgumentException("a sequence has no new tokens");
            if ((long)sequence.Filled + sequence.Count > sequence.Tokens.Capacity) throw new ArgumentException("the cache is too small");
            bool streams = sequence.Tokens.Streams == 1 || sequence.Tokens.Streams == sequence.Streams;
            if (!streams || !Fits(shape, sequence.Tokens, type)) throw new ArgumentException("a sequence's cache does not fit");
            if (sequence.Prefix is { } prefix && (prefix.Streams != sequence.Streams || !Fits(shape, prefix, type)))
                throw new ArgumentException("a sequence's prefix does not fit");
            if (sequence.Helpers.Count > 0) CheckHelpers(shape, sequence);
        }
        if (y != rows * width) throw new ArgumentException("y is not [R, Heads, D]");
        if (queries != y && queries != tokens * width) throw new ArgumentException("queries are not [R, Heads, D] or [T, Heads, D]");
    }

    /// <summary>Refuses helpers that their sequence or their buffers have no place for.</summary>
    internal static void CheckHelpers(AttentionShape shape, in AttentionSequence sequence)
    {
        KvDtype type = sequence.Tokens.Layout.Type;
        (ReadOnlyMemory<HelperRow> rows, KvBuffer? prefix, KvBuffer? own, int first) = sequence.Helpers;
        bool fits = sequence.Streams == 1 && sequence.Prefix is null && prefix is not null && Fits(shape, prefix, type)
            && (own is null || (Fits(shape, own, type) && first >= 0 && first + rows.Length <= own.Streams));
        foreach (HelperRow row in rows.Span) fits = fits && (uint)row.Slots < (uint)prefix!.Streams && (uint)row.Token < (uint)sequence.Count;
        if (!fits) throw new ArgumentException("a sequence's helpers do not fit");
    }

    private static bool Fits(AttentionShape shape, KvBuffer buffer, KvDtype type) =>
        buffer.Heads == shape.KeyValueHeads && buffer.Layout.HeadSize == shape.HeadSize && buffer.Layout.Type == type;

    private static void Dispatch(in AttentionCall call, in AttentionPlan plan, WorkerPool pool)
    {
        switch (call.Layout.Type)
        {
            case KvDtype.F32:
                Dispatch<KvF32>(call, plan, pool);
                break;
            case KvDtype.Bf16:
                Dispatch<KvBf16>(call, plan, pool);
                break;
            case KvDtype.Q8:
                Dispatch<KvQ8>(call, plan, pool);
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"no kernel for {call.Layout.Type}");
        }
    }

    private static void Dispatch<TFormat>(in AttentionCall call, in AttentionPlan plan, WorkerPool pool) where TFormat : struct, IKvFormat =>
        Simd.Run(new Items<TFormat>(call, plan, pool));

    private readonly struct Items<TFormat>(in AttentionCall call, in AttentionPlan plan, WorkerPool pool) : ISimdKernel where TFormat : struct, IKvFormat
    {
        private readonly AttentionCall _call = call;
        private readonly AttentionPlan _plan = plan;

        public void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
        {
            int shares = (int)Math.Clamp(_plan.Cost / SmallestShare, 1, Math.Min(_plan.Count, pool.ThreadCount * 4));
            var job = new Job<TFormat, TSimd, TFloat, TInt>(_call, _plan, shares);
            pool.Run(ref job, shares, 1);
        }
    }

    private readonly struct Job<TFormat, TSimd, TFloat, TInt>(in AttentionCall call, in AttentionPlan plan, int shares) : IRangeJob
        where TFormat : struct, IKvFormat
        where TSimd : struct, ISimd<TFloat, TInt>
        where TFloat : struct
        where TInt : struct
    {
        private readonly AttentionCall _call = call;
        private readonly AttentionPlan _plan = plan;
        private readonly int _shares = shares;

        [SkipLocalsInit]
        public void Run(int start, int end)
        {
            byte* memory = stackalloc byte[AttentionWorkspace.Length(_call.Layout) + 64];
            var work = new AttentionWorkspace((byte*)(((nuint)memory + 63) & ~(nuint)63), _call.Layout);
            int last = _plan.FirstItem(end, _shares);
            for (int i = _plan.FirstItem(start, _shares); i < last; i++)
                AttentionKernel<TFormat, TSimd, TFloat, TInt>.Run(_call, _plan.Item(i), ref work);
        }
    }
}
