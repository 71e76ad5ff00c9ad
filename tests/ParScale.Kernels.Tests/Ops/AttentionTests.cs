using ParScale.Kernels.Ops;
using ParScale.Kernels.Tests.Support;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.Tests.Ops;

public sealed class AttentionTests : IDisposable
{
    private readonly WorkerPool _pool = new(2);

    public static TheoryData<int> Lengths => Support.Lengths.Around;

    public void Dispose() => _pool.Dispose();

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_head_size_matches_the_reference(int size) => Check(new AttentionShape(2, 3, 4, 2, size, 12, 7));

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_number_of_slots_matches_the_reference(int filled) => Check(new AttentionShape(3, 2, 6, 3, 10, filled + 5, filled));

    [Fact]
    public void An_empty_cache_sees_only_its_own_tokens() => Check(new AttentionShape(1, 9, 2, 1, 8, 9, 0));

    [Fact]
    public void Scores_too_large_for_exp_do_not_overflow()
    {
        var shape = new AttentionShape(1, 1, 1, 1, 4, 200, 150);
        Check(shape, scale: 300);
    }

    [Fact]
    public void A_cache_that_is_too_small_is_refused() =>
        Assert.Throws<ArgumentException>(() => Attention.Run(
            new AttentionShape(1, 3, 1, 1, 4, 5, 3), new float[12], new float[20], new float[20], new float[12], _pool));

    private void Check(AttentionShape shape, float scale = 1)
    {
        int queryLength = shape.Streams * shape.Queries * shape.Heads * shape.HeadSize;
        int cacheLength = shape.Streams * shape.KeyValueHeads * shape.Capacity * shape.HeadSize;
        float[] q = Numbers.Random(queryLength, 1, scale), k = Numbers.Random(cacheLength, 2, 3), v = Numbers.Random(cacheLength, 3);
        float[] expected = new float[queryLength], actual = new float[queryLength];
        Attention.Reference(shape, q, k, v, expected);
        Attention.Run(shape, q, k, v, actual, _pool);
        Numbers.AssertClose(expected, actual, 1e-5 * Math.Max(1, scale / 10));
    }
}
