using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;

namespace ParScale.Kernels.Tests.Elementwise;

public class ChosenRowsTests
{
    [Theory]
    [InlineData(5, 3, 1)]
    [InlineData(40, 1100, 2)]
    [InlineData(256, 512, 3)]
    public void Rows_are_brought_together_and_added_back(int rows, int width, int threads)
    {
        using var pool = new WorkerPool(threads);
        var random = new Random(rows);
        float[] x = [.. Enumerable.Range(0, rows * width).Select(_ => random.NextSingle() - 0.5f)], y = [.. x.Reverse()];
        int[] chosen = [.. Enumerable.Range(0, rows).Where(row => row % 3 != 1)];
        float[] scales = [.. chosen.Select(_ => random.NextSingle())], gathered = new float[chosen.Length * width], plain = new float[chosen.Length * width], expected = [.. y];
        ChosenRows.Gather(x, width, chosen, gathered, pool);
        ChosenRows.GatherReference(x, width, chosen, plain);
        Assert.Equal(plain, gathered);
        ChosenRows.AddScaled(gathered, width, chosen, scales, y, pool);
        ChosenRows.AddScaledReference(gathered, width, chosen, scales, expected);
        Assert.Equal(expected, y);
    }

    [Fact]
    public void Rows_outside_and_spans_of_other_lengths_are_refused()
    {
        using var pool = new WorkerPool(1);
        float[] x = new float[6], one = new float[3];
        Assert.Throws<ArgumentException>(() => ChosenRows.Gather(x, 3, [2], one, pool));
        Assert.Throws<ArgumentException>(() => ChosenRows.Gather(x, 3, [-1], one, pool));
        Assert.Throws<ArgumentException>(() => ChosenRows.Gather(x, 3, [0, 1], one, pool));
        Assert.Throws<ArgumentException>(() => ChosenRows.AddScaled(one, 3, [0], [], x, pool));
        Assert.Throws<ArgumentException>(() => ChosenRows.AddScaled(one, 3, [2], [1], x, pool));
    }
}
