using ParScale.Configuration;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;
using DeviceAttention = ParScale.Vulkan.Kernels.Attention;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>
/// Passes of several sequences with P and prefixes of their own, some with helpers, appended token by token or in pieces, against the plain loops
/// on the CPU's caches.
/// </summary>
public class AttentionTests(TestDevice test) : DeviceTest(test)
{
    [Theory]
    [InlineData(KvDtype.F32, false)]
    [InlineData(KvDtype.F32, true)]
    [InlineData(KvDtype.Bf16, false)]
    [InlineData(KvDtype.Bf16, true)]
    [InlineData(KvDtype.Q8, false)]
    [InlineData(KvDtype.Q8, true)]
    public void Attention_agrees_with_the_plain_loop_and_caches_have_the_bits_of_the_CPU(KvDtype format, bool firstLayer) => Each(12, (random, i) =>
    {
        AttentionShape shape = Shape(random, i == 0 ? 300 : 2 * random.Next(1, 70), i);
        var kind = new BatchKind
        {
            Format = format,
            FirstLayer = firstLayer,
            Clip = i % 4 == 3 ? 0.8f : 0,
            Sequences = i == 1 ? 1 : random.Next(1, 4),
            Longest = i == 1 ? 300 : 50,
        };
        using var batch = new AttentionBatch(random, shape, kind);
        Compare(batch, append: false);
    });

    [Theory]
    [InlineData(KvDtype.F32)]
    [InlineData(KvDtype.Bf16)]
    [InlineData(KvDtype.Q8)]
    public void One_command_appends_and_attends_with_the_same_bits(KvDtype format) => Each(8, (random, i) =>
    {
        var kind = new BatchKind { Format = format, FirstLayer = i % 2 == 0, OneToken = true, Sequences = random.Next(1, 4), Norm = (QueryKeyNorm)(i % 3) };
        using var batch = new AttentionBatch(random, Shape(random, 2 * random.Next(1, 70), i), kind);
        (float[] first, uint[][] firstCaches) = RunOnDevice(batch, append: false);
        (float[] second, uint[][] secondCaches) = RunOnDevice(batch, append: true);
        Assert.Equal(first, second);
        Assert.Equal(firstCaches, secondCaches);
        if (kind.Norm == QueryKeyNorm.None) Compare(batch, append: true);
    });

    [Theory]
    [InlineData(QueryKeyNorm.Head, false)]
    [InlineData(QueryKeyNorm.Head, true)]
    [InlineData(QueryKeyNorm.Projection, false)]
    [InlineData(QueryKeyNorm.Projection, true)]
    public void Queries_and_keys_are_normed_before_they_turn(QueryKeyNorm norm, bool firstLayer) => Each(6, (random, i) =>
    {
        // In float32 caches: the last bit of a key that a norm has moved could change its code.
        var kind = new BatchKind { Format = KvDtype.F32, FirstLayer = firstLayer, Norm = norm, Clip = i % 2 * 1.5f };
        using var batch = new AttentionBatch(random, Shape(random, 2 * random.Next(1, 70), i), kind);
        Close(batch.Expected(), RunOnDevice(batch, append: false).Y, 5e-6, $"{kind}, {batch.Shape}");
    });

    [Theory]
    [InlineData(WeightDtype.Q8, 128, 4)]
    [InlineData(WeightDtype.Q8, 64, 5)]
    [InlineData(WeightDtype.Q8, 96, 2)]
    [InlineData(WeightDtype.Q8, 256, 2)]
    [InlineData(WeightDtype.Q4, 128, 3)]
    [InlineData(WeightDtype.Q4, 80, 4)]
    [InlineData(WeightDtype.Q4, 16, 9)]
    public void What_is_rounded_has_the_bits_that_a_product_would_round(WeightDtype type, int size, int heads)
    {
        var random = new Random(7 * size + heads);
        var shape = new AttentionShape(heads, 1, size, (float)(1 / Math.Sqrt(size)));
        using var batch = new AttentionBatch(random, shape, new BatchKind { Format = KvDtype.F32 });
        const int outputs = 40;
        DeviceMatrix weights = Matrix(type, outputs, heads * size, random);
        MatMul product = Product(batch.Rows, heads * size);
        DeviceRows y = Rows(batch.Rows, heads * size), plain = Rows(batch.Rows, outputs), rounded = Rows(batch.Rows, outputs);
        ProductInput codes = product.InputFor(weights, y);
        Assert.True(codes.IsRounded);
        Run(recording => Record(recording, batch, append: false, y));
        DeviceRows floats = Rows(Read(y, batch.Rows, heads * size), heads * size);
        Run(recording => product.Run(recording, floats, batch.Rows, (weights, null, plain)));
        Run(recording =>
        {
            Record(recording, batch, append: false, codes);
            product.Run(recording, codes, batch.Rows, (weights, null, rounded));
        });
        Assert.Equal(Read(plain, batch.Rows, outputs), Read(rounded, batch.Rows, outputs));
        FreeBuffers();
    }

    [Fact]
    public void Heads_that_fill_no_group_within_the_shared_memory_are_refused()
    {
        var attention = new DeviceAttention(Device, new AttentionShape(4, 4, 300, 1), KvDtype.F32);
        Assert.False(attention.CanRound(128));
        Assert.True(new DeviceAttention(Device, new AttentionShape(4, 4, 96, 1), KvDtype.F32).CanRound(128));
    }

    [Theory]
    [InlineData(KvDtype.F32)]
    [InlineData(KvDtype.Bf16)]
    [InlineData(KvDtype.Q8)]
    public void Slots_of_the_CPU_become_the_words_of_the_device(KvDtype format)
    {
        var random = new Random(60);
        foreach (int size in (int[])[2, 30, 64, 70])
        {
            using var buffer = new KvBuffer(format, 2, 3, size, 5);
            int words = DeviceAttention.SlotWords(format, size);
            uint[] expected = new uint[words], found = new uint[words];
            for (int slot = 0; slot < 5; slot++)
            {
                float[] keys = Draw(random, 3 * size, 2), values = Draw(random, 3 * size);
                buffer.Store(1, slot, keys, values);
                foreach (bool isValue in (bool[])[false, true])
                {
                    for (int head = 0; head < 3; head++)
                    {
                        CacheWords.Write(format, (isValue ? values : keys).AsSpan(head * size, size), isValue, expected);
                        Array.Clear(found);
                        DeviceAttention.Slot(buffer, isValue, 1, head, slot, found);
                        Assert.Equal(expected, found);
                    }
                }
            }
        }
    }

    private static AttentionShape Shape(Random random, int size, int i)
    {
        int keyHeads = random.Next(1, 4);
        return new AttentionShape(
            keyHeads * random.Next(1, 4), keyHeads, size, (float)(1 / Math.Sqrt(size)), i % 3 == 1 ? 5 : 0, i % 3 == 2 ? random.Next(1, 40) : AttentionShape.AllTokens);
    }

    private void Each(int count, Action<Random, int> check)
    {
        for (int i = 0; i < count; i++)
        {
            check(new Random(300 + i), i);
            FreeBuffers();
        }
    }

    private void Compare(AttentionBatch batch, bool append)
    {
        float[] expected = batch.Expected();
        (float[] y, uint[][] caches) = RunOnDevice(batch, append);
        Close(expected, y, 5e-6, $"{batch.Kind}, {batch.Shape}");
        batch.CheckCaches(i => caches[i]);
    }

    private (float[] Y, uint[][] Caches) RunOnDevice(AttentionBatch batch, bool append)
    {
        int width = batch.Shape.Heads * batch.Shape.HeadSize;
        DeviceRows y = Rows(batch.Rows, width);
        DeviceBuffer[] caches = [];
        Run(recording => caches = Record(recording, batch, append, y));
        return (Read(y, batch.Rows, width), [.. caches.Select((cache, i) => Read<uint>(cache, batch.Caches.ElementAt(i).Length))]);
    }

    private DeviceBuffer[] Record(Recording recording, AttentionBatch batch, bool append, ProductInput y)
    {
        AttentionShape shape = batch.Shape;
        var attention = new DeviceAttention(Device, shape, batch.Kind.Format);
        DeviceBuffer[] caches = [.. batch.Caches.Select(words => Upload<uint>(words))], prefixes = [.. batch.Prefixes.Select(words => Upload<uint>(words))];
        int width = shape.Heads * shape.HeadSize, keyWidth = shape.KeyValueHeads * shape.HeadSize;
        var x = new Projections(Rows(batch.Query, width), Rows(batch.Key, keyWidth), Rows(batch.Value, keyWidth), batch.Kind.FirstLayer);
        var rules = new HeadRules
        {
            Norm = batch.Kind.Norm,
            NormWeights = batch.Kind.Norm == QueryKeyNorm.None ? null : Upload<float>([.. batch.QueryNorm, .. batch.KeyNorm]),
            Epsilon = AttentionBatch.Epsilon,
            Clip = batch.Kind.Clip,
            Cosine = batch.Half == 0 ? null : Upload<float>(batch.Cosine),
            Sine = batch.Half == 0 ? null : Upload<float>(batch.Sine),
            Half = batch.Half,
        };
        PassRow[] all = batch.Table(caches, prefixes, tokens: false), stored = batch.Table(caches, prefixes, batch.Kind.FirstLayer);
        if (!append) attention.Append(recording, x, rules, Upload<PassRow>(stored), stored.Length, batch.Layer, caches);
        attention.Run(recording, x, rules, append, Upload<PassRow>(all), 0, batch.Rows, batch.Layer, caches, prefixes, y);
        return caches;
    }
}
