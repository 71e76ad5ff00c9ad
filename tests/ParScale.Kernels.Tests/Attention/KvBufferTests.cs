using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Attention;

public class KvBufferTests
{
    public static TheoryData<int> Lengths => Support.Lengths.Around;

    public static TheoryData<KvDtype> Types => [.. Enum.GetValues<KvDtype>()];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_number_comes_back_within_the_formats_rounding(int size)
    {
        // Relative to the largest of the numbers that share a scale: half a unit of bfloat16's last place, and of 127.
        foreach ((KvDtype type, double bound) in new[] { (KvDtype.F32, 0.0), (KvDtype.Bf16, 1 / 256.0), (KvDtype.Q8, 0.5 / 127 + 1e-6) })
        {
            using var buffer = new KvBuffer(type, 2, 3, size, 37);
            float[] keys = Numbers.Random(3 * size, 1, 50), values = Numbers.Random(3 * size, 2, 1e-3f);
            for (int slot = 0; slot < 37; slot++) buffer.Store(1, slot, keys, values);
            for (int i = 0; i < 3 * size; i++)
            {
                int head = i / size, index = i % size;
                Assert.InRange(Math.Abs(buffer.Key(1, head, 36, index) - keys[i]), 0, 50 * bound);
                Assert.InRange(Math.Abs(buffer.Value(1, head, 36, index) - values[i]), 0, 1e-3 * bound);
                Assert.Equal(buffer.Key(1, head, 36, index), buffer.Key(1, head, 16, index));
                Assert.Equal(buffer.Value(1, head, 36, index), buffer.Value(1, head, 3, index));
                Assert.Equal(0, buffer.Key(0, head, 36, index));
            }
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-44f)]
    [InlineData(1e-31f)]
    [InlineData(3e38f)]
    [InlineData(-3e38f)]
    public void Numbers_of_any_size_stay_numbers(float value)
    {
        foreach (KvDtype type in Enum.GetValues<KvDtype>())
        {
            using var buffer = new KvBuffer(type, 1, 1, 33, 1);
            float[] numbers = [.. Enumerable.Repeat(value, 33)];
            buffer.Store(0, 0, numbers, numbers);
            for (int i = 0; i < 33; i++)
            {
                Assert.InRange(buffer.Key(0, 0, 0, i) - value, -Math.Abs(value) / 100 - 1e-30, Math.Abs(value) / 100 + 1e-30);
                Assert.InRange(buffer.Value(0, 0, 0, i) - value, -Math.Abs(value) / 100 - 1e-30, Math.Abs(value) / 100 + 1e-30);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_is_not_finite_is_seen_and_what_was_forgotten_is_not(KvDtype type)
    {
        using var buffer = new KvBuffer(type, 1, 1, 4, 20);
        using var pool = new WorkerPool(1);
        using var scratch = new Scratch();
        var shape = new AttentionShape(1, 1, 4, 0.5f);
        float[] good = [1, 2, 3, 4], bad = [1, float.NaN, 3, 4], y = new float[4];
        for (int slot = 0; slot < 20; slot++) buffer.Store(0, slot, bad, bad);
        CausalAttention.Run(shape, good, [new(buffer, null, 1, 19, 1)], y, scratch, pool);
        Assert.Contains(y, float.IsNaN);
        for (int slot = 0; slot < 18; slot++)
        {
            buffer.Store(0, slot, good, good);
            CausalAttention.Run(shape, good, [new(buffer, null, 1, slot, 1)], y, scratch, pool);
            Numbers.AssertClose(good, y, 1e-2);
        }
    }

    [Fact]
    public void Reserved_memory_is_not_used_memory()
    {
        long before = Environment.WorkingSet;
        using var buffer = new KvBuffer(KvDtype.F32, 8, 2, 96, 32768);
        buffer.Store(0, 0, new float[192], new float[192]);
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 192 << 20);
        Assert.True(KvBuffer.BytesFor(KvDtype.F32, 8, 2, 96, 32768) > 380 << 20);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Any_number_of_threads_stores_the_same(KvDtype type)
    {
        const int Tokens = 61, Heads = 2, Size = 64;
        var shape = new AttentionShape(4, Heads, Size, 1 / 8f);
        float[] keys = Numbers.Random(3 * Tokens * Heads * Size, 1), values = Numbers.Random(keys.Length, 2);
        float[] queries = new float[3 * Tokens * 4 * Size], cosine = [.. Enumerable.Repeat(1f, Tokens * Size / 2)], sine = new float[cosine.Length];
        using var expected = new KvBuffer(type, 3, Heads, Size, 70);
        for (int row = 0; row < 3 * Tokens; row++)
            expected.Store(row / Tokens, 5 + row % Tokens, keys.AsSpan(row * Heads * Size, Heads * Size), values.AsSpan(row * Heads * Size, Heads * Size));
        using var actual = new KvBuffer(type, 3, Heads, Size, 70);
        using var pool = new WorkerPool(4);
        using var scratch = new Scratch();
        for (int repeat = 0; repeat < 20; repeat++)
        {
            KvAppend.Run(shape, queries, keys, values, cosine, sine, [new(actual, null, 3, 5, Tokens)], scratch, pool);
            for (int i = 0; i < keys.Length; i++)
            {
                int row = i / (Heads * Size), head = i / Size % Heads;
                Assert.Equal(expected.Key(row / Tokens, head, 5 + row % Tokens, i % Size), actual.Key(row / Tokens, head, 5 + row % Tokens, i % Size));
                Assert.Equal(expected.Value(row / Tokens, head, 5 + row % Tokens, i % Size), actual.Value(row / Tokens, head, 5 + row % Tokens, i % Size));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_copy_of_the_first_slots_goes_on_as_the_original_does(KvDtype type)
    {
        const int Streams = 2, Heads = 3, Size = 20;
        float[] Slot(int slot) => Numbers.Random(Heads * Size, 10 + slot);
        using KvBuffer source = new(type, Streams, Heads, Size, 90), copy = new(type, Streams, Heads, Size, 40), straight = new(type, Streams, Heads, Size, 40);
        for (int slot = 0; slot < 60; slot++)
            for (int stream = 0; stream < Streams; stream++) source.Store(stream, slot, Slot(slot), Slot(slot));
        copy.CopyFrom(source, 21);
        for (int stream = 0; stream < Streams; stream++)
        {
            for (int slot = 0; slot < 21; slot++) straight.Store(stream, slot, Slot(slot), Slot(slot));
            foreach (KvBuffer buffer in (KvBuffer[])[copy, straight]) buffer.Store(stream, 21, Slot(99), Slot(99));
        }
        using var pool = new WorkerPool(1);
        using var scratch = new Scratch();
        float[] query = Numbers.Random(Streams * 6 * Size, 1), expected = new float[query.Length], actual = new float[query.Length];
        var shape = new AttentionShape(6, Heads, Size, 0.2f);
        CausalAttention.Run(shape, query, [new(straight, null, Streams, 21, 1)], expected, scratch, pool);
        CausalAttention.Run(shape, query, [new(copy, null, Streams, 21, 1)], actual, scratch, pool);
        Assert.Equal(expected, actual);
        Assert.Throws<ArgumentException>(() => copy.CopyFrom(source, 41));
        Assert.Throws<ArgumentException>(() => copy.CopyFrom(new KvBuffer(type, 1, Heads, Size, 40), 3));
    }
}
