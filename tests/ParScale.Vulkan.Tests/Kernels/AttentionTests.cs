using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;
using DeviceAttention = ParScale.Vulkan.Kernels.Attention;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>
/// Passes of several sequences with P and prefixes of their own, appended token by token or in pieces, against the plain loops on the CPU's
/// caches.
/// </summary>
public class AttentionTests(TestDevice test) : DeviceTest(test)
{
    [Theory]
    [InlineData(KvDtype.F32, false)]
    [InlineData(KvDtype.F32, true)]
    [InlineData(KvDtype.Bf16, false)]
    [InlineData(KvDtype.Bf16, true)]
    public void Attention_agrees_with_the_plain_loop(KvDtype format, bool firstLayer)
    {
        for (int i = 0; i < 12; i++)
        {
            var random = new Random(300 + i);
            int keyHeads = random.Next(1, 4), size = i == 0 ? 300 : 2 * random.Next(1, 70);
            var shape = new AttentionShape(
                keyHeads * random.Next(1, 4), keyHeads, size, (float)(1 / Math.Sqrt(size)), i % 3 == 1 ? 5 : 0, i % 3 == 2 ? random.Next(1, 40) : AttentionShape.AllTokens);
            using var batch = new AttentionBatch(random, shape, format, firstLayer, sequences: i == 1 ? 1 : random.Next(1, 4), longest: i == 1 ? 300 : 50);
            Compare(batch, $"{format}, {shape}");
            FreeBuffers();
        }
    }

    [Fact]
    public void Caches_of_8_bits_are_refused() =>
        Assert.Throws<ArgumentException>(() => new DeviceAttention(Device, new AttentionShape(1, 1, 64, 1), KvDtype.Q8));

    private void Compare(AttentionBatch batch, string what)
    {
        AttentionShape shape = batch.Shape;
        var attention = new DeviceAttention(Device, shape, batch.Format);
        DeviceBuffer[] caches = [.. batch.Caches.Select(words => Upload<uint>(words))], prefixes = [.. batch.Prefixes.Select(words => Upload<uint>(words))];
        DeviceBuffer cosine = Upload<float>(batch.Cosine), sine = Upload<float>(batch.Sine);
        int width = shape.Heads * shape.HeadSize, keyWidth = shape.KeyValueHeads * shape.HeadSize;
        DeviceRows query = Rows(batch.Query, width), key = Rows(batch.Key, keyWidth), value = Rows(batch.Value, keyWidth), y = Rows(batch.Rows, width);
        PassRow[] all = batch.Table(caches, prefixes, tokens: false), stored = batch.Table(caches, prefixes, batch.FirstLayer);
        DeviceBuffer table = Upload<PassRow>(all), storedTable = Upload<PassRow>(stored);
        Run(recording =>
        {
            attention.Append(recording, query, key, value, (cosine, sine), batch.Half, storedTable, stored.Length, batch.Layer, caches);
            attention.Run(recording, query, batch.FirstLayer, table, batch.Rows, batch.Layer, caches, prefixes, y);
        });
        float[] expected = batch.Expected();
        Close(expected, Read(y, batch.Rows, width), 5e-6, what);
    }
}
