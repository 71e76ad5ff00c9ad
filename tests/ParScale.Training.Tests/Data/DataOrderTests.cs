using ParScale.Training.Data;

namespace ParScale.Training.Tests.Data;

public sealed class DataOrderTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 1003)];

    [Fact]
    public void Every_window_of_an_epoch_comes_once()
    {
        var order = new DataOrder(Tokens, context: 10, seed: 3);
        const int Windows = 1002 / 10 - 1;
        long[] starts = [.. Enumerable.Range(0, Windows).Select(step => order.Batch(step, 1)[0])];
        Assert.Equal(Windows, starts.Distinct().Count());
        Assert.Single(starts.Select(s => s % 10).Distinct());
        Assert.NotEqual(starts.Order(), starts);
    }

    [Fact]
    public void A_window_is_context_plus_one_tokens_in_a_row()
    {
        long[] batch = new DataOrder(Tokens, 7, 1).Batch(5, 4);
        Assert.Equal(4 * 8, batch.Length);
        for (int row = 0; row < 4; row++)
            Assert.Equal(Enumerable.Range(0, 8).Select(i => batch[row * 8] + i), batch.Skip(row * 8).Take(8));
    }

    [Fact]
    public void A_step_does_not_depend_on_the_steps_before()
    {
        var walked = new DataOrder(Tokens, 10, 9);
        for (int step = 0; step < 200; step++) walked.Batch(step, 4);
        Assert.Equal(walked.Batch(200, 4), new DataOrder(Tokens, 10, 9).Batch(200, 4));
    }

    [Fact]
    public void Epochs_and_seeds_differ()
    {
        var order = new DataOrder(Tokens, 10, 1);
        Assert.NotEqual(order.Batch(0, 99), order.Batch(1, 99));
        Assert.NotEqual(order.Batch(0, 8), new DataOrder(Tokens, 10, 2).Batch(0, 8));
    }

    [Fact]
    public void A_text_without_room_for_two_windows_is_refused()
    {
        Assert.Equal("TR-05", Assert.Throws<ParScaleException>(() => new DataOrder(Tokens[..20], 10, 1)).Code);
        Assert.Equal(11, new DataOrder(Tokens[..21], 10, 1).Batch(0, 1).Length);
    }
}
