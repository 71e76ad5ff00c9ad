using ParScale.Model;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>The likeliest tokens where values are extreme, and of the largest vocabulary; random shapes are tested beside those of the other kernels.</summary>
public class LikeliestTokensTests(TestDevice test) : DeviceTest(test)
{
    [Fact]
    public void Numbers_of_every_size_are_in_order()
    {
        float[] values = [float.MaxValue, 1e38f, 1, 1e-30f, 1e-38f, 1e-40f, float.Epsilon, 0, -float.Epsilon, -1e-40f, -1e-30f, -1, -1e38f, float.MinValue];
        float[] logits = [.. values];
        new Random(5).Shuffle(logits);
        Assert.Equal(values, Choose(logits, 1)[0].Logits);
    }

    [Fact]
    public void Minus_zero_is_zero()
    {
        float[] logits = [-1, -0f, 0, -0f, 0];
        Assert.Equal([1, 2, 3, 4, 0], Choose(logits, 1)[0].Tokens);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void One_that_is_not_finite_shows_wherever_it_is(float value)
    {
        const int vocabulary = 150_000;
        float[] logits = Draw(new Random(1), 4 * vocabulary);
        logits[0] = logits[vocabulary + 70_001] = logits[3 * vocabulary - 1] = value;
        // With its sign turned, as devices and processors make it.
        if (float.IsNaN(value)) logits[0] = BitConverter.UInt32BitsToSingle(0xFFC00000);
        (int[] Tokens, float[] Logits)[] rows = Choose(logits, 4);
        Assert.Equal([true, true, true, false], rows.Select(row => float.IsNaN(row.Logits[0])));
    }

    [Theory]
    [InlineData(524_280, 1)]
    [InlineData(151_936, 3)]
    [InlineData(5_000, 64)]
    public void Large_vocabularies_and_many_rows_are_sorted(int vocabulary, int rows)
    {
        var random = new Random(vocabulary);
        float[] logits = [.. Enumerable.Range(0, rows * vocabulary).Select(_ => random.Next(-9000, 9000) * 0.01f)];
        (int[] Tokens, float[] Logits)[] found = Choose(logits, rows);
        for (int row = 0; row < rows; row++)
        {
            float[] own = logits[(row * vocabulary)..((row + 1) * vocabulary)];
            long[] keys = [.. own.Select((logit, i) => -(long)MathF.Round(logit * 100) * vocabulary + i)];
            Array.Sort(keys);
            Assert.Equal(keys[..Likeliest.Most].Select(key => (int)((key % vocabulary + vocabulary) % vocabulary)), found[row].Tokens);
            Assert.Equal(found[row].Tokens.Select(token => own[token]), found[row].Logits);
        }
    }

    private (int[] Tokens, float[] Logits)[] Choose(float[] logits, int rows)
    {
        int vocabulary = logits.Length / rows;
        using var likeliest = new LikeliestTokens(Device, vocabulary, rows);
        DeviceBuffer lists = Own(Device.Memory.Allocate(LikeliestTokens.BytesOf(rows), Place.FromDevice)), values = Upload<float>(logits);
        Run(recording => likeliest.Choose(recording, values, rows, lists));
        return [.. Enumerable.Range(0, rows).Select(row =>
        {
            (int[] tokens, float[] best) = (new int[Likeliest.Most], new float[Likeliest.Most]);
            int count = likeliest.Read(lists, row, tokens, best);
            return (tokens[..count], best[..count]);
        })];
    }
}
