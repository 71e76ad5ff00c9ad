using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Attention;

/// <summary>Rows that keep nothing: against the plain loops in double precision, and each to the bit as in a call of its own.</summary>
public sealed class HelperAttentionTests : IDisposable
{
    private const int KeyValueHeads = 2, HeadSize = 20;

    private readonly List<KvBuffer> _buffers = [];
    private readonly WorkerPool _pool = new(3);
    private readonly Scratch _scratch = new();

    public static TheoryData<KvDtype, int, int, float> Cases
    {
        get
        {
            var data = new TheoryData<KvDtype, int, int, float>();
            foreach (KvDtype type in Enum.GetValues<KvDtype>())
            {
                foreach ((int heads, int window, float cap) in ((int, int, float)[])[(2, AttentionShape.AllTokens, 0), (6, 5, 0), (8, 1, 3), (18, 600, 0), (70, 130, 0)])
                    data.Add(type, heads, window, cap);
            }
            return data;
        }
    }

    public void Dispose()
    {
        foreach (KvBuffer buffer in _buffers) buffer.Dispose();
        _pool.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_row_matches_the_reference_and_depends_on_itself_alone(KvDtype type, int heads, int window, float cap)
    {
        var shape = new AttentionShape(heads, KeyValueHeads, HeadSize, 0.2f, cap, window);
        using var one = new WorkerPool(1);
        foreach (bool own in (bool[])[true, false])
        {
            AttentionSequence[] sequences = Sequences(type, own);
            int width = heads * HeadSize, rows = sequences.Sum(sequence => sequence.Rows), asked = own ? rows : sequences.Sum(sequence => sequence.Count);
            float[] queries = Numbers.Random(asked * width, 3), expected = new float[rows * width], found = new float[rows * width], again = new float[rows * width];
            CausalAttention.Reference(shape, queries, sequences, expected);
            CausalAttention.Run(shape, queries, sequences, found, _scratch, _pool);
            CausalAttention.Run(shape, queries, sequences, again, _scratch, one);
            Numbers.AssertClose(expected, found, type == KvDtype.Q8 ? 3e-4 : 1e-5);
            Assert.Equal(found, again);
            int firstRow = 0, firstToken = 0;
            foreach (AttentionSequence sequence in sequences)
            {
                for (int row = 0; row < sequence.Rows; row++)
                    Assert.Equal(found[((firstRow + row) * width)..((firstRow + row + 1) * width)], Alone(shape, queries, sequence, own ? firstRow : firstToken, row, own));
                firstRow += sequence.Rows;
                firstToken += sequence.Count;
            }
        }
    }

    [Theory]
    [InlineData(KvDtype.F32)]
    [InlineData(KvDtype.Bf16)]
    [InlineData(KvDtype.Q8)]
    public void Their_keys_turn_by_their_token_and_leave_the_cache_alone(KvDtype type)
    {
        var shape = new AttentionShape(4, KeyValueHeads, HeadSize, 1);
        const int tokens = 3, half = HeadSize / 2;
        using KvBuffer cache = new(type, 1, KeyValueHeads, HeadSize, 8), plain = new(type, 1, KeyValueHeads, HeadSize, 8);
        using KvBuffer own = new(type, 9, KeyValueHeads, HeadSize, 1), prefix = new(type, 2, KeyValueHeads, HeadSize, 4);
        var helpers = new HelperRows((HelperRow[])[new(0, 0), new(1, 2), new(0, 2)], prefix, own, 5);
        float[] angles = Numbers.Random(tokens * half, 1), cosine = [.. angles.Select(MathF.Cos)], sine = [.. angles.Select(MathF.Sin)];
        float[] queries = Numbers.Random(6 * 4 * HeadSize, 2), keys = Numbers.Random(6 * KeyValueHeads * HeadSize, 3), values = Numbers.Random(keys.Length, 4);
        int width = KeyValueHeads * HeadSize;
        // As if the helpers' rows were tokens of a sequence whose positions are theirs.
        int[] theirs = [.. ((int[])[0, 2, 2]).SelectMany(t => Enumerable.Range(t * half, half))];
        float[] keyed = [.. keys[(3 * width)..]], asked = [.. queries[(3 * 4 * HeadSize)..]];
        KvAppend.Run(shape, asked, keyed, values.AsSpan(3 * width), [.. theirs.Select(i => cosine[i])], [.. theirs.Select(i => sine[i])],
            [new(plain, null, 1, 0, 3)], _scratch, _pool);
        KvAppend.Run(shape, queries, keys, values, cosine, sine, [new(cache, null, 1, 2, tokens, helpers)], _scratch, _pool);
        Assert.Equal(asked, queries[(3 * 4 * HeadSize)..]);
        for (int i = 0; i < 3; i++)
        {
            for (int head = 0; head < KeyValueHeads; head++)
            {
                for (int d = 0; d < HeadSize; d++)
                {
                    Assert.Equal(plain.Key(0, head, i, d), own.Key(5 + i, head, 0, d));
                    Assert.Equal(plain.Value(0, head, i, d), own.Value(5 + i, head, 0, d));
                }
            }
        }
    }

    [Fact]
    public void Helpers_that_do_not_fit_are_refused()
    {
        var shape = new AttentionShape(2, KeyValueHeads, HeadSize, 1);
        KvBuffer cache = Filled(KvDtype.F32, 1, 8, 1), prefix = Filled(KvDtype.F32, 2, 3, 2), own = Filled(KvDtype.F32, 2, 1, 3);
        void Refused(HelperRows helpers, int streams = 1) => Assert.Throws<ArgumentException>(() => CausalAttention.Run(
            shape, new float[3 * 2 * HeadSize], [new(cache, null, streams, 4, 2, helpers)], new float[3 * 2 * HeadSize], _scratch, _pool));
        Refused(new HelperRows((HelperRow[])[new(2, 0)], prefix, own, 0));
        Refused(new HelperRows((HelperRow[])[new(0, 2)], prefix, own, 0));
        Refused(new HelperRows((HelperRow[])[new(0, 1)], prefix, own, 2));
        Refused(new HelperRows((HelperRow[])[new(0, 1)], null, own, 0));
        Refused(new HelperRows((HelperRow[])[new(0, 1)], Filled(KvDtype.Bf16, 2, 3, 2), own, 0));
    }

    // A row in a call that has nothing else: an anchor's token without helpers, or a helper beside the token that it is at.
    private float[] Alone(AttentionShape shape, float[] queries, AttentionSequence sequence, int firstQuery, int row, bool own)
    {
        int width = shape.Heads * HeadSize, helper = row - sequence.Streams * sequence.Count;
        int token = helper < 0 ? row % sequence.Count : sequence.Helpers.Rows.Span[helper].Token;
        float[] Query(int at) => queries[((firstQuery + at) * width)..((firstQuery + at + 1) * width)];
        AttentionSequence alone = sequence with { Filled = sequence.Filled + token, Count = 1, Helpers = default };
        if (helper < 0)
        {
            int stream = row / sequence.Count;
            float[] all = new float[sequence.Streams * width];
            float[] asked = [.. Enumerable.Range(0, own ? sequence.Streams : 1).SelectMany(p => Query(p * sequence.Count + token))];
            CausalAttention.Run(shape, asked, [alone], all, _scratch, _pool);
            return all[(stream * width)..((stream + 1) * width)];
        }
        HelperRows helpers = sequence.Helpers;
        alone = alone with { Helpers = helpers with { Rows = (HelperRow[])[helpers.Rows.Span[helper] with { Token = 0 }], First = helpers.First + helper } };
        var two = new float[2 * width];
        CausalAttention.Run(shape, own ? [.. Query(token), .. Query(row)] : Query(token), [alone], two, _scratch, _pool);
        return two[width..];
    }

    private AttentionSequence[] Sequences(KvDtype type, bool own)
    {
        KvBuffer prefix = Filled(type, 3, 7, 1), longPrefix = Filled(type, 2, 140, 2), slots = Filled(type, 40, 1, 3);
        HelperRows Helpers(KvBuffer learned, int first, params HelperRow[] rows) => new(rows, learned, own ? slots : null, first);
        return
        [
            new(Filled(type, 1, 80, 4), null, 1, 70, 1, Helpers(prefix, 2, new(0, 0), new(1, 0), new(2, 0))),
            new(Filled(type, own ? 2 : 1, 30, 5), Filled(type, 2, 5, 6), 2, 20, 3),
            new(Filled(type, 1, 40, 7), null, 1, 0, 33, Helpers(prefix, 10, new(0, 0), new(2, 1), new(1, 15), new(1, 32), new(2, 32))),
            new(Filled(type, 1, 20, 8), null, 1, 9, 2),
            new(Filled(type, 1, 1300, 9), null, 1, 1290, 4, Helpers(longPrefix, 20, new(1, 0), new(0, 3))),
        ];
    }

    private KvBuffer Filled(KvDtype type, int streams, int slots, int seed)
    {
        var buffer = new KvBuffer(type, streams, KeyValueHeads, HeadSize, slots);
        _buffers.Add(buffer);
        int width = KeyValueHeads * HeadSize;
        float[] keys = Numbers.Random(streams * slots * width, seed, 3), values = Numbers.Random(streams * slots * width, seed + 100);
        for (int stream = 0; stream < streams; stream++)
            for (int slot = 0; slot < slots; slot++)
                buffer.Store(stream, slot, keys.AsSpan((stream * slots + slot) * width, width), values.AsSpan((stream * slots + slot) * width, width));
        return buffer;
    }
}
