using ParScale.Kernels.Formats;
using ParScale.Kernels.KeysValues;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Ops;
using ParScale.Kernels.Tests.Support;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.Tests.Ops;

public sealed class AttentionTests : IDisposable
{
    private readonly WorkerPool _pool = new(3);
    private readonly Scratch _scratch = new();

    public static TheoryData<int, KvType> LengthsAndTypes => Each(Lengths.Around.Select(row => row.Data));

    public static TheoryData<int, KvType> GroupsAndTypes => Each(Enumerable.Range(1, 9).Append(40));

    public static TheoryData<int, KvType> QueriesAndTypes => Each(Enumerable.Range(1, 17));

    public static TheoryData<KvType> Types => [.. Enum.GetValues<KvType>()];

    public void Dispose()
    {
        _pool.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [MemberData(nameof(LengthsAndTypes))]
    public void Every_head_size_matches_the_reference(int size, KvType type) =>
        Check(new AttentionCase(type) { Streams = 2, Heads = 4, HeadSize = size, Prefix = 3, Sequences = [(4, 3)] });

    [Theory]
    [MemberData(nameof(LengthsAndTypes))]
    public void Every_number_of_slots_matches_the_reference(int filled, KvType type)
    {
        Check(new AttentionCase(type) { Streams = 2, Heads = 6, HeadSize = 10, Prefix = 0, Sequences = [(filled, 2)] });
        Check(new AttentionCase(type) { Streams = 2, Heads = 2, HeadSize = 12, Prefix = filled, Sequences = [(1, 1)] });
    }

    [Theory]
    [MemberData(nameof(GroupsAndTypes))]
    public void Every_number_of_heads_per_group_matches_the_reference(int group, KvType type) =>
        Check(new AttentionCase(type) { Streams = 2, Heads = 2 * group, HeadSize = 20, Prefix = 5, Sequences = [(30, 3)] });

    [Theory]
    [MemberData(nameof(QueriesAndTypes))]
    public void Every_number_of_queries_matches_the_reference(int queries, KvType type)
    {
        Check(new AttentionCase(type) { Streams = 1, Heads = 6, HeadSize = 16, Prefix = 2, Sequences = [(0, queries)] });
        Check(new AttentionCase(type) { Streams = 1, Heads = 6, HeadSize = 16, Prefix = 2, Sequences = [(125, queries)] });
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Several_sequences_match_the_reference(KvType type) =>
        Check(new AttentionCase(type) { Streams = 3, Heads = 4, HeadSize = 24, Prefix = 48, Sequences = [(700, 1), (0, 9), (63, 2), (1100, 1)] });

    [Theory]
    [MemberData(nameof(Types))]
    public void Streams_that_share_queries_and_tokens_match_the_reference(KvType type) =>
        Check(new AttentionCase(type) { Streams = 4, Heads = 4, HeadSize = 24, Prefix = 7, Sequences = [(20, 2), (3, 1)], Shared = true });

    [Theory]
    [MemberData(nameof(Types))]
    public void Sequences_of_several_splits_match_the_reference(KvType type) =>
        Check(new AttentionCase(type) { Streams = 1, Heads = 2, HeadSize = 16, Prefix = 6, Sequences = [(1600, 4)] });

    [Theory]
    [MemberData(nameof(Types))]
    public void Scores_too_large_for_exp_do_not_overflow(KvType type) =>
        Check(new AttentionCase(type) { Heads = 2, HeadSize = 8, Sequences = [(150, 2)], QueryScale = 5000 });

    [Theory]
    [MemberData(nameof(Types))]
    public void Equal_keys_give_the_mean_of_the_values(KvType type)
    {
        var equal = new AttentionCase(type) { Heads = 2, HeadSize = 16, Prefix = 9, Sequences = [(90, 3)], KeyScale = 0 };
        Check(equal);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_result_depends_on_its_own_row_alone(KvType type)
    {
        (int Filled, int Count)[] sequences = [(600, 5), (0, 3), (33, 1)];
        foreach (bool shared in new[] { false, true })
        {
            var many = new AttentionCase(type) { Streams = 2, Heads = 6, HeadSize = 20, Prefix = 10, Sequences = sequences, Shared = shared };
            using var one = new WorkerPool(1);
            using var five = new WorkerPool(5);
            float[] together = many.Run(_scratch, one);
            Assert.Equal(together, many.Run(_scratch, five));
            for (int i = 0; i < sequences.Length; i++)
            {
                for (int token = 0; token < sequences[i].Count; token++)
                    Assert.Equal(many.RowOf(together, i, token), many.RunAlone(i, token, _scratch, five));
            }
        }
    }

    [Theory]
    [InlineData(KvType.F32, 1e-7)]
    [InlineData(KvType.Bf16, 4e-3)]
    [InlineData(KvType.Q8, 8e-3)]
    public void Rounding_keys_and_values_costs_what_the_format_promises(KvType type, double bound)
    {
        var exact = new AttentionCase(KvType.F32) { Streams = 2, Heads = 4, HeadSize = 96, Prefix = 48, Sequences = [(300, 3)] };
        Numbers.AssertClose(exact.Reference(), (exact with { Type = type }).Reference(), bound);
    }

    [Fact]
    public void A_cache_that_does_not_fit_is_refused()
    {
        using var cache = new KvBuffer(KvType.F32, 1, 1, 4, 5);
        var shape = new AttentionShape(1, 3, 1, 1, 4);
        Assert.Throws<ArgumentException>(() => Attention.Run(shape, new float[12], null, [new(cache, 3, 3)], new float[12], _scratch, _pool));
        Assert.Throws<ArgumentException>(() => Attention.Run(shape, new float[12], null, [new(cache, 0, 2)], new float[12], _scratch, _pool));
        Assert.Throws<ArgumentException>(() => Attention.Run(shape, new float[12], cache, [new(cache, 0, 3)], new float[11], _scratch, _pool));
    }

    private void Check(AttentionCase numbers)
    {
        // Beside float32 rounding, 8-bit caches round queries and weights to 16 bits.
        double tolerance = numbers.Type == KvType.Q8 ? 3e-4 : 1e-5;
        Numbers.AssertClose(numbers.Reference(), numbers.Run(_scratch, _pool), tolerance * Math.Max(1, numbers.QueryScale / 10));
    }

    private static TheoryData<int, KvType> Each(IEnumerable<int> numbers)
    {
        var data = new TheoryData<int, KvType>();
        foreach (int number in numbers)
            foreach (KvType type in Enum.GetValues<KvType>()) data.Add(number, type);
        return data;
    }
}
