using ParScale.Kernels.Formats;
using ParScale.Kernels.KeysValues;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Ops;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.Tests.Support;

/// <summary>Random queries, keys and values of one attention call with two key-value heads.</summary>
internal sealed record AttentionCase(KvType Type)
{
    private const int KeyValueHeads = 2;

    public int Streams { get; init; } = 1;

    public int Heads { get; init; } = 2;

    public int HeadSize { get; init; } = 16;

    public int Prefix { get; init; }

    public required (int Filled, int Count)[] Sequences { get; init; }

    /// <summary>Whether all streams have the same queries and tokens, as in layer 0.</summary>
    public bool Shared { get; init; }

    public float QueryScale { get; init; } = 1;

    public float KeyScale { get; init; } = 3;

    private int Tokens => Sequences.Sum(sequence => sequence.Count);

    private int Width => Heads * HeadSize;

    private float[] Queries => Numbers.Random((Shared ? 1 : Streams) * Tokens * Width, 1, QueryScale);

    public float[] Run(Scratch scratch, WorkerPool pool)
    {
        var y = new float[Streams * Tokens * Width];
        WithBuffers((prefix, sequences) => Attention.Run(Shape(Tokens), Queries, prefix, sequences, y, scratch, pool));
        return y;
    }

    /// <summary>One token of one sequence as a call of its own.</summary>
    public float[] RunAlone(int sequence, int token, Scratch scratch, WorkerPool pool)
    {
        float[] all = Queries, y = new float[Streams * Width];
        int at = Sequences.Take(sequence).Sum(other => other.Count) + token;
        float[] queries = [.. Enumerable.Range(0, Shared ? 1 : Streams).SelectMany(p => all.Skip((p * Tokens + at) * Width).Take(Width))];
        WithBuffers((prefix, sequences) =>
        {
            AttentionSequence alone = sequences[sequence] with { Filled = Sequences[sequence].Filled + token, Count = 1 };
            Attention.Run(Shape(1), queries, prefix, [alone], y, scratch, pool);
        });
        return y;
    }

    /// <summary>The same token in the result of all.</summary>
    public float[] RowOf(float[] y, int sequence, int token)
    {
        int at = Sequences.Take(sequence).Sum(other => other.Count) + token;
        return [.. Enumerable.Range(0, Streams).SelectMany(p => y.Skip((p * Tokens + at) * Width).Take(Width))];
    }

    public float[] Reference()
    {
        var y = new float[Streams * Tokens * Width];
        WithBuffers((prefix, sequences) => Attention.Reference(Shape(Tokens), Queries, prefix, sequences, y));
        return y;
    }

    private AttentionShape Shape(int tokens) => new(Streams, tokens, Heads, KeyValueHeads, HeadSize);

    private void WithBuffers(Action<KvBuffer?, AttentionSequence[]> use)
    {
        using KvBuffer? prefix = Prefix == 0 ? null : Filled(Streams, Prefix, 0, 7);
        var sequences = new AttentionSequence[Sequences.Length];
        for (int i = 0; i < sequences.Length; i++)
        {
            (int filled, int count) = Sequences[i];
            sequences[i] = new AttentionSequence(Filled(Shared ? 1 : Streams, filled + count, 5, 10 + i), filled, count);
        }
        use(prefix, sequences);
        foreach (AttentionSequence sequence in sequences) sequence.Tokens.Dispose();
    }

    private KvBuffer Filled(int streams, int slots, int room, int seed)
    {
        var buffer = new KvBuffer(Type, streams, KeyValueHeads, HeadSize, slots + room);
        int width = KeyValueHeads * HeadSize;
        float[] keys = Numbers.Random(streams * slots * width, seed, KeyScale), values = Numbers.Random(streams * slots * width, seed + 100);
        for (int stream = 0; stream < streams; stream++)
        {
            for (int slot = 0; slot < slots; slot++)
            {
                int at = (stream * slots + slot) * width;
                buffer.Store(stream, slot, keys.AsSpan(at, width), values.AsSpan(at, width));
            }
        }
        return buffer;
    }
}
