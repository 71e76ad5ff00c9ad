using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Attention;

public sealed class CausalAttentionTests : IDisposable
{
    private readonly WorkerPool _pool = new(3);
    private readonly Scratch _scratch = new();

    public static TheoryData<int, KvDtype> LengthsAndTypes => Each(Lengths.Around.Select(row => row.Data));

    public static TheoryData<int, KvDtype> GroupsAndTypes => Each(Enumerable.Range(1, 9).Append(40));

    public static TheoryData<int, KvDtype> QueriesAndTypes => Each(Enumerable.Range(1, 17));

    public static TheoryData<KvDtype> Types => [.. Enum.GetValues<KvDtype>()];

    public void Dispose()
    {
        _pool.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [MemberData(nameof(LengthsAndTypes))]
    public void Every_head_size_matches_the_reference(int size, KvDtype type) =>
        Check(new AttentionCase(type) { Heads = 4, HeadSize = size, Sequences = AttentionCase.Alike(2, 3, (4, 3)) });

    [Theory]
    [MemberData(nameof(LengthsAndTypes))]
    public void Every_number_of_slots_matches_the_reference(int filled, KvDtype type)
    {
        Check(new AttentionCase(type) { Heads = 6, HeadSize = 10, Sequences = AttentionCase.Alike(2, 0, (filled, 2)) });
        Check(new AttentionCase(type) { Heads = 2, HeadSize = 12, Sequences = AttentionCase.Alike(2, filled, (1, 1)) });
    }

    [Theory]
    [MemberData(nameof(GroupsAndTypes))]
    public void Every_number_of_heads_per_group_matches_the_reference(int group, KvDtype type) =>
        Check(new AttentionCase(type) { Heads = 2 * group, HeadSize = 20, Sequences = AttentionCase.Alike(2, 5, (30, 3)) });

    [Theory]
    [MemberData(nameof(QueriesAndTypes))]
    public void Every_number_of_queries_matches_the_reference(int queries, KvDtype type)
    {
        Check(new AttentionCase(type) { Heads = 6, HeadSize = 16, Sequences = AttentionCase.Alike(1, 2, (0, queries)) });
        Check(new AttentionCase(type) { Heads = 6, HeadSize = 16, Sequences = AttentionCase.Alike(1, 2, (125, queries)) });
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Several_sequences_match_the_reference(KvDtype type) =>
        Check(new AttentionCase(type) { Heads = 4, HeadSize = 24, Sequences = AttentionCase.Alike(3, 48, (700, 1), (0, 9), (63, 2), (1100, 1)) });

    [Theory]
    [MemberData(nameof(Types))]
    public void Sequences_of_different_P_match_the_reference(KvDtype type)
    {
        SequenceCase[] sequences = [new(1, 0, 9, 3), new(4, 48, 0, 5), new(2, 3, 600, 1), new(1, 0, 0, 1), new(8, 48, 17, 2)];
        Check(new AttentionCase(type) { Heads = 4, HeadSize = 24, Sequences = sequences });
        Check(new AttentionCase(type) { Heads = 4, HeadSize = 24, Sequences = sequences, Shared = true });
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Streams_that_share_queries_and_tokens_match_the_reference(KvDtype type) =>
        Check(new AttentionCase(type) { Heads = 4, HeadSize = 24, Sequences = AttentionCase.Alike(4, 7, (20, 2), (3, 1)), Shared = true });

    [Theory]
    [MemberData(nameof(Types))]
    public void Sequences_of_several_splits_match_the_reference(KvDtype type) =>
        Check(new AttentionCase(type) { Heads = 2, HeadSize = 16, Sequences = AttentionCase.Alike(1, 6, (1600, 4)) });

    public static TheoryData<int, KvDtype> WindowsAndTypes => Each([1, 2, 15, 16, 17, 127, 128, 129, 500, 512, 513, 700, 100_000]);

    [Theory]
    [MemberData(nameof(WindowsAndTypes))]
    public void Every_window_matches_the_reference_and_leaves_the_learned_slots_alone(int window, KvDtype type)
    {
        SequenceCase[] sequences = [new(1, 0, 690, 40), new(2, 48, 0, 9), new(2, 3, 1100, 1), new(1, 130, 130, 2)];
        Check(new AttentionCase(type) { Heads = 6, HeadSize = 20, Sequences = sequences, Window = window });
        Check(new AttentionCase(type) { Heads = 6, HeadSize = 20, Sequences = sequences, Window = window, Shared = true });
    }

    [Theory]
    [InlineData(KvDtype.F32, 3)]
    [InlineData(KvDtype.Bf16, 3)]
    [InlineData(KvDtype.Q8, 3)]
    [InlineData(KvDtype.F32, 50)]
    public void Capped_scores_match_the_reference(KvDtype type, float cap)
    {
        SequenceCase[] sequences = [new(1, 0, 690, 3), new(3, 48, 5, 9)];
        Check(new AttentionCase(type) { Heads = 6, HeadSize = 20, Sequences = sequences, SoftCap = cap });
        Check(new AttentionCase(type) { Heads = 6, HeadSize = 20, Sequences = sequences, SoftCap = cap, Window = 6, QueryScale = 40 });
    }

    [Fact]
    public void Windows_and_caps_change_the_result()
    {
        var plain = new AttentionCase(KvDtype.F32) { Heads = 2, HeadSize = 16, Sequences = AttentionCase.Alike(1, 4, (30, 2)) };
        float[] expected = plain.Reference();
        Assert.NotEqual(expected, (plain with { Window = 30 }).Reference());
        Assert.NotEqual(expected, (plain with { SoftCap = 50 }).Reference());
        Assert.Equal(plain.Run(_scratch, _pool), (plain with { Window = 32 }).Run(_scratch, _pool));
        Assert.Throws<ArgumentException>(() => (plain with { Window = 0 }).Run(_scratch, _pool));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Scores_too_large_for_exp_do_not_overflow(KvDtype type) =>
        Check(new AttentionCase(type) { Heads = 2, HeadSize = 8, Sequences = AttentionCase.Alike(1, 0, (150, 2)), QueryScale = 5000 });

    [Theory]
    [MemberData(nameof(Types))]
    public void Equal_keys_give_the_mean_of_the_values(KvDtype type)
    {
        var equal = new AttentionCase(type) { Heads = 2, HeadSize = 16, Sequences = AttentionCase.Alike(1, 9, (90, 3)), KeyScale = 0 };
        Check(equal);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_result_depends_on_its_own_row_alone(KvDtype type)
    {
        SequenceCase[] sequences = [new(2, 10, 600, 5), new(1, 0, 0, 3), new(5, 7, 33, 1), new(1, 0, 40, 2), new(2, 10, 3, 4)];
        foreach (bool shared in new[] { false, true })
        {
            foreach (AttentionCase many in new AttentionCase[]
            {
                new(type) { Heads = 6, HeadSize = 20, Sequences = sequences, Shared = shared },
                new(type) { Heads = 6, HeadSize = 20, Sequences = sequences, Shared = shared, Window = 130, SoftCap = 4 },
            })
            {
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
    }

    [Theory]
    [InlineData(KvDtype.F32, 1e-7)]
    [InlineData(KvDtype.Bf16, 4e-3)]
    [InlineData(KvDtype.Q8, 8e-3)]
    public void Rounding_keys_and_values_costs_what_the_format_promises(KvDtype type, double bound)
    {
        var exact = new AttentionCase(KvDtype.F32) { Heads = 4, HeadSize = 96, Sequences = AttentionCase.Alike(2, 48, (300, 3)) };
        Numbers.AssertClose(exact.Reference(), (exact with { Type = type }).Reference(), bound);
    }

    [Fact]
    public void A_cache_that_does_not_fit_is_refused()
    {
        using var cache = new KvBuffer(KvDtype.F32, 1, 1, 4, 5);
        using var two = new KvBuffer(KvDtype.F32, 2, 1, 4, 5);
        var shape = new AttentionShape(1, 1, 4, 0.5f);
        void Refused(AttentionSequence sequence, int y) => Assert.Throws<ArgumentException>(
            () => CausalAttention.Run(shape, new float[12], [sequence], new float[y], _scratch, _pool));
        Refused(new(cache, null, 1, 3, 3), 12);
        Refused(new(cache, null, 1, 0, 2), 12);
        Refused(new(cache, null, 1, 0, 3), 11);
        Refused(new(two, null, 1, 0, 3), 12);
        Refused(new(cache, two, 1, 0, 3), 12);
    }

    private void Check(AttentionCase numbers)
    {
        // Beside float32 rounding, 8-bit caches round queries and weights to 16 bits.
        double tolerance = numbers.Type == KvDtype.Q8 ? 3e-4 : 1e-5;
        Numbers.AssertClose(numbers.Reference(), numbers.Run(_scratch, _pool), tolerance * Math.Max(1, numbers.QueryScale / 10));
    }

    private static TheoryData<int, KvDtype> Each(IEnumerable<int> numbers)
    {
        var data = new TheoryData<int, KvDtype>();
        foreach (int number in numbers)
            foreach (KvDtype type in Enum.GetValues<KvDtype>()) data.Add(number, type);
        return data;
    }
}
