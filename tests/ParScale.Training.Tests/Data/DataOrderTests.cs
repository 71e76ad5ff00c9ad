using ParScale.Training.Data;
using ParScale.Training.Data.Order;

namespace ParScale.Training.Tests.Data;

public sealed class DataOrderTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 1003)];

    [Fact]
    public void Every_window_of_an_epoch_comes_once()
    {
        var order = new DataOrder(Tokens, context: 10, seed: 3);
        const int Windows = 1002 / 10 - 1;
        long[] starts = [.. Enumerable.Range(0, Windows).Select(step => Batch(order, step, 1)[0])];
        Assert.Equal(Windows, starts.Distinct().Count());
        Assert.Single(starts.Select(s => s % 10).Distinct());
        Assert.NotEqual(starts.Order(), starts);
    }

    [Fact]
    public void A_window_is_context_plus_one_tokens_in_a_row()
    {
        long[] batch = Batch(new DataOrder(Tokens, 7, 1), 5, 4);
        Assert.Equal(4 * 8, batch.Length);
        for (int row = 0; row < 4; row++)
            Assert.Equal(Enumerable.Range(0, 8).Select(i => batch[row * 8] + i), batch.Skip(row * 8).Take(8));
    }

    [Fact]
    public void A_step_does_not_depend_on_the_steps_before()
    {
        var walked = new DataOrder(Tokens, 10, 9);
        for (int step = 0; step < 200; step++) Batch(walked, step, 4);
        Assert.Equal(Batch(walked, 200, 4), Batch(new DataOrder(Tokens, 10, 9), 200, 4));
    }

    [Fact]
    public void Epochs_and_seeds_differ()
    {
        var order = new DataOrder(Tokens, 10, 1);
        Assert.NotEqual(Batch(order, 0, 99), Batch(order, 1, 99));
        Assert.NotEqual(Batch(order, 0, 8), Batch(new DataOrder(Tokens, 10, 2), 0, 8));
    }

    [Fact]
    public void A_text_without_room_for_two_windows_is_refused()
    {
        Assert.Equal("TR-05", Assert.Throws<ParScaleException>(() => new DataOrder(Tokens[..20], 10, 1)).Code);
        Assert.Equal(11, Batch(new DataOrder(Tokens[..21], 10, 1), 0, 1).Length);
    }

    [Fact]
    public void The_order_is_the_one_that_published_models_were_trained_with()
    {
        var order = new DataOrder(Tokens, context: 10, seed: 3);
        long[] expected = [824, 874, 914, 705, 785, 405, 596, 896, 66, 647, 167, 407];
        Assert.Equal(expected, Enumerable.Range(0, 4).SelectMany(i => Batch(order, i * 40, 3).Where((_, at) => at % 11 == 0)));
    }

    /// <summary>The rows of a step as context + 1 tokens each.</summary>
    private static long[] Batch(DataOrder order, long step, int rows)
    {
        Batch batch = order.Rows(step * rows, rows);
        return [.. batch.Inputs.Chunk(batch.Context).Zip(batch.Targets.Chunk(batch.Context), (inputs, targets) => inputs.Append(targets[^1])).SelectMany(row => row)];
    }
}
