using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ParScale.Kernels.Formats;
using ParScale.Kernels.KeysValues;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Threads;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Ops;

/// <summary>
/// Grouped-query attention of new tokens over each stream's prefix and each sequence's tokens, causal: y = sum_j
/// softmax_j(q k_j / sqrt(D)) v_j over all prefix slots and the tokens up to the query's own, in one pass with a running
/// maximum and sum. A result depends neither on the threads, nor on the other sequences, nor on how a prompt is cut.
/// </summary>
internal static unsafe partial class Attention
{
    // Below this many multiply-adds a hand-over to another thread costs more than it saves.
    private const long SmallestShare = 128 * 1024;

    /// <summary>
    /// queries: [P, T, Heads, D], or [T, Heads, D] when all streams ask the same; y: [P, T, Heads, D], may not overlap queries.
    /// prefix: null, or with as many streams. sequences: each with the keys and values of its new tokens stored already; their
    /// tokens follow each other in T.
    /// </summary>
    /// <exception cref="ArgumentException">A length or a buffer does not fit the shape.</exception>
    public static void Run(
        AttentionShape shape, ReadOnlySpan<float> queries, KvBuffer? prefix, ReadOnlySpan<AttentionSequence> sequences, Span<float> y,
        Scratch scratch, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(scratch);
        ArgumentNullException.ThrowIfNull(pool);
        Check(shape, queries.Length, prefix, sequences, y.Length);
        fixed (float* q = queries, output = y)
        {
            KvBuffer any = sequences[0].Tokens;
            var call = new AttentionCall
            {
                Layout = any.Layout,
                PerGroup = shape.Heads / shape.KeyValueHeads,
                Heads = shape.Heads,
                KeyValueHeads = shape.KeyValueHeads,
                Tokens = shape.Tokens,
                Queries = q,
                QueryStreamStride = queries.Length == y.Length ? (long)shape.Tokens * shape.Heads * shape.HeadSize : 0,
                Y = output,
            };
            if (prefix is not null) SetPrefix(ref call, prefix);
            AttentionPlan plan = AttentionPlan.Make(ref call, shape.Streams, sequences, scratch, pool.ThreadCount);
            Dispatch(call, plan, pool);
            plan.JoinPartials(call);
            GC.KeepAlive(prefix);
            foreach (AttentionSequence sequence in sequences) GC.KeepAlive(sequence.Tokens);
        }
    }

    private static void SetPrefix(ref AttentionCall call, KvBuffer prefix)
    {
        call.Prefix = prefix.Capacity;
        call.PrefixKeys = prefix.Keys;
        call.PrefixValues = prefix.Values;
        call.PrefixKeyStride = prefix.KeyStride;
        call.PrefixValueStride = prefix.ValueStride;
    }

    private static void Check(
        AttentionShape shape, int queries, KvBuffer? prefix, ReadOnlySpan<AttentionSequence> sequences, int y)
    {
        long perStream = (long)shape.Tokens * shape.Heads * shape.HeadSize;
        if (y != perStream * shape.Streams) throw new ArgumentException("y is not [P, T, Heads, D]");
        if (queries != y && queries != perStream) throw new ArgumentException("queries are not [P, T, Heads, D] or [T, Heads, D]");
        if (shape.Heads % shape.KeyValueHeads != 0) throw new ArgumentException("Heads is not a multiple of KeyValueHeads");
        if (sequences.IsEmpty) throw new ArgumentException("there is no sequence");
        KvType type = sequences[0].Tokens.Layout.Type;
        if (prefix is not null && (prefix.Streams != shape.Streams || !Fits(shape, prefix, type))) throw new ArgumentException("the prefix does not fit");
        int tokens = 0;
        foreach (AttentionSequence sequence in sequences)
        {
            tokens += sequence.Count;
            if (sequence.Count < 1 || sequence.Filled < 0) throw new ArgumentException("a sequence has no new tokens");
            if ((long)sequence.Filled + sequence.Count > sequence.Tokens.Capacity) throw new ArgumentException("the cache is too small");
            bool streams = sequence.Tokens.Streams == 1 || sequence.Tokens.Streams == shape.Streams;
            if (!streams || !Fits(shape, sequence.Tokens, type)) throw new ArgumentException("a sequence's cache does not fit");
        }
        if (tokens != shape.Tokens) throw new ArgumentException("the sequences do not have T tokens together");
    }

    private static bool Fits(AttentionShape shape, KvBuffer buffer, KvType type) =>
        buffer.Heads == shape.KeyValueHeads && buffer.Layout.HeadSize == shape.HeadSize && buffer.Layout.Type == type;

    private static void Dispatch(in AttentionCall call, in AttentionPlan plan, WorkerPool pool)
    {
        switch (call.Layout.Type)
        {
            case KvType.F32:
                Dispatch<KvF32>(call, plan, pool);
                break;
            case KvType.Bf16:
                Dispatch<KvBf16>(call, plan, pool);
                break;
            default:
                Dispatch<KvQ8>(call, plan, pool);
                break;
        }
    }

    private static void Dispatch<TFormat>(in AttentionCall call, in AttentionPlan plan, WorkerPool pool) where TFormat : struct, IKvFormat
    {
        if (Vector512.IsHardwareAccelerated) Start<TFormat, Simd512, Vector512<float>, Vector512<int>>(call, plan, pool);
        else if (Vector256.IsHardwareAccelerated) Start<TFormat, Simd256, Vector256<float>, Vector256<int>>(call, plan, pool);
        else Start<TFormat, Simd128, Vector128<float>, Vector128<int>>(call, plan, pool);
    }

    private static void Start<TFormat, TSimd, TFloat, TInt>(in AttentionCall call, in AttentionPlan plan, WorkerPool pool)
        where TFormat : struct, IKvFormat
        where TSimd : struct, ISimd<TFloat, TInt>
        where TFloat : struct
        where TInt : struct
    {
        int shares = (int)Math.Clamp(plan.Cost / SmallestShare, 1, Math.Min(plan.Count, pool.ThreadCount * 4));
        var job = new Job<TFormat, TSimd, TFloat, TInt>(call, plan, shares);
        pool.Run(ref job, shares, 1);
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
