using ParScale.Training.Data.Order;
using ParScale.Training.Data.Shards;
using ParScale.Training.Tests.Data.Shards;

namespace ParScale.Training.Tests.Data.Order;

public sealed class WindowRowsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Windows_in_stored_order_cover_every_token_to_the_end(int first)
    {
        using var folder = new TempFolder();
        ShardSamples.Write(folder, "s", [6, 2, 9, 5], shardTokens: 7);
        using ShardFolder shards = ShardSamples.Open(folder, "s");
        var rows = new WindowRows(shards.Training, 8, first);
        var batch = new Batch((int)rows.Count, 8, packed: true);
        for (int row = 0; row < rows.Count; row++) rows.Fill(row, batch, row);
        // Tokens 0-5, 100-101, 200-208, 300-304; all that follow another of their document, from the second token on.
        long[] expected = [1, 2, 3, 4, 5, 101, 201, 202, 203, 204, 205, 206, 207, 208, 301, 302, 303, 304];
        Assert.Equal(expected.Skip(first), batch.Learned!.Select(place => batch.Targets[place]));
        Assert.Equal(3, rows.Count);
        if (first == 0) Assert.Equal([0, 1, 2, 3, 4, 5, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 1, 2, 3, 0, 0, 0], batch.Offsets!);
    }
}
