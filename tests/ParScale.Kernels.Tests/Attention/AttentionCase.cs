using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Attention;

/// <summary>One sequence of a case: P, learned slots, tokens before the new ones, new tokens.</summary>
internal readonly record struct SequenceCase(int Streams, int Prefix, int Filled, int Count);

/// <summary>Random queries, keys and values of one attention call with two key-value heads.</summary>
internal sealed record AttentionCase(KvDtype Type)
{
    private const int KeyValueHeads = 2;

    public int Heads { get; init; } = 2;

    public int HeadSize { get; init; } = 16;

    public float Scale { get; init; } = 0.25f;

    public float SoftCap { get; init; }

    public int Window { get; init; } = AttentionShape.AllTokens;

    public required SequenceCase[] Sequences { get; init; }

    /// <summary>Whether all streams have the same queries and tokens, as in layer 0.</summary>
    public bool Shared { get; init; }

    public float QueryScale { get; init; } = 1;

    public float KeyScale { get; init; } = 3;

    private int Width => Heads * HeadSize;

    private AttentionShape Shape => new(Heads, KeyValueHeads, HeadSize, Scale, SoftCap, Window);

    private int Rows => Sequences.Sum(sequence => sequence.Streams * sequence.Count);

    private float[] Queries => Numbers.Random((Shared ? Sequences.Sum(sequence => sequence.Count) : Rows) * Width, 1, QueryScale);

    /// <summary>Sequences that agree in P and learned slots.</summary>
    public static SequenceCase[] Alike(int streams, int prefix, params (int Filled, int Count)[] sequences) =>
        [.. sequences.Select(sequence => new SequenceCase(streams, prefix, sequence.Filled, sequence.Count))];

    public float[] Run(Scratch scratch, WorkerPool pool)
    {
        var y = new float[Rows * Width];
        WithBuffers(sequences => CausalAttention.Run(Shape, Queries, sequences, y, scratch, pool));
        return y;
    }

    /// <summary>One token of one sequence as a call of its own.</summary>
    public float[] RunAlone(int index, int token, Scratch scratch, WorkerPool pool)
    {
        SequenceCase own = Sequences[index];
        float[] all = Queries, y = new float[own.Streams * Width];
        int firstQuery = Sequences.Take(index).Sum(other => (Shared ? 1 : other.Streams) * other.Count);
        float[] queries = [.. Enumerable.Range(0, Shared ? 1 : own.Streams).SelectMany(p => all.Skip((firstQuery + p * own.Count + token) * Width).Take(Width))];
        WithBuffers(sequences =>
        {
            AttentionSequence alone = sequences[index] with { Filled = own.Filled + token, Count = 1 };
            CausalAttention.Run(Shape, queries, [alone], y, scratch, pool);
        });
        return y;
    }

    /// <summary>The same token in the result of all.</summary>
    public float[] RowOf(float[] y, int index, int token)
    {
        SequenceCase own = Sequences[index];
        int first = Sequences.Take(index).Sum(other => other.Streams * other.Count);
        return [.. Enumerable.Range(0, own.Streams).SelectMany(p => y.Skip((first + p * own.Count + token) * Width).Take(Width))];
    }

    public float[] Reference()
    {
        var y = new float[Rows * Width];
        WithBuffers(sequences => CausalAttention.Reference(Shape, Queries, sequences, y));
        return y;
    }

    private void WithBuffers(Action<AttentionSequence[]> use)
    {
        AttentionSequence[] sequences = [.. Sequences.Select((sequence, i) => new AttentionSequence(
            Filled(Shared ? 1 : sequence.Streams, sequence.Filled + sequence.Count, 5, 10 + i),
            sequence.Prefix == 0 ? null : Filled(sequence.Streams, sequence.Prefix, 0, 70 + sequence.Streams),
            sequence.Streams, sequence.Filled, sequence.Count))];
        use(sequences);
        foreach (AttentionSequence sequence in sequences)
        {
            sequence.Tokens.Dispose();
            sequence.Prefix?.Dispose();
        }
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
