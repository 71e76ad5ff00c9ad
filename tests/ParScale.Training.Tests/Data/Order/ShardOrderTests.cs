using ParScale.Training.Data.Order;
using ParScale.Training.Data.Shards;
using ParScale.Training.Tests.Data.Shards;

namespace ParScale.Training.Tests.Data.Order;

public sealed class ShardOrderTests
{
    private static readonly int[] Lengths = [.. Enumerable.Range(0, 40).Select(i => 2 + i * 7 % 19)];

    [Theory]
    [InlineData("Cut")]
    [InlineData("Whole")]
    public void Targets_follow_their_inputs_in_the_same_document(string packing)
    {
        using var folder = new TempFolder();
        using ShardFolder shards = Write(folder, Enum.Parse<Packing>(packing));
        Batch batch = new ShardOrder(shards.Training, shards.Index.Packing, 16, 1).Rows(0, 60);
        Assert.NotEmpty(batch.Learned!);
        foreach (int place in batch.Learned!.Select(place => (int)place))
        {
            Assert.Equal(batch.Inputs[place] + 1, batch.Targets[place]);
            if (place % 16 == 15 || batch.Offsets![place + 1] == 0) continue;
            Assert.Equal((batch.Targets[place], batch.Offsets[place] + 1), (batch.Inputs[place + 1], batch.Offsets[place + 1]));
        }
        for (int row = 0; row < 60; row++) Assert.Equal(0, batch.Offsets![row * 16]);
        if (packing == "Whole") Assert.All(batch.Learned!, place => Assert.Equal(batch.Inputs[place] % 100, batch.Offsets![place]));
    }

    [Fact]
    public void An_epoch_of_whole_documents_learns_every_masked_token_once()
    {
        using var folder = new TempFolder();
        ShardSamples.Write(folder, "s", Lengths, Packing.Whole, shardTokens: 50, learned: (document, i) => (document + i) % 3 != 0);
        using ShardFolder shards = ShardSamples.Open(folder, "s");
        var order = new ShardOrder(shards.Training, Packing.Whole, 16, 1);
        var packed = new PackedDocuments(shards.Training, 16, null);
        long[] expected =
        [
            .. Lengths.SelectMany((length, document) => Enumerable.Range(1, length - 1).Where(i => length - 1 <= 16 && (document + i) % 3 != 0)
                .Select(i => 100L * document + i)),
        ];
        int rows = (int)packed.Count;
        for (int epoch = 0; epoch < 3; epoch++)
        {
            Batch batch = order.Rows(epoch * rows, rows);
            Assert.Equal(expected, batch.Learned!.Select(place => batch.Targets[place]).Order());
        }
        Assert.Equal(Lengths.Count(length => length - 1 > 16), order.LeftOut);
        int used = Lengths.Where(length => length - 1 <= 16).Sum(length => length - 1);
        Assert.InRange(rows, used / 16, used / 16 * 1.2 + 1);
    }

    [Fact]
    public void An_epoch_of_windows_learns_nearly_every_token_once_and_never_over_a_boundary()
    {
        using var folder = new TempFolder();
        using ShardFolder shards = Write(folder, Packing.Cut);
        var order = new ShardOrder(shards.Training, Packing.Cut, 16, 1);
        int rows = (int)((shards.Training.Tokens - 1) / 16 - 1);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            Batch batch = order.Rows(epoch * rows, rows);
            long[] learned = [.. batch.Learned!.Select(place => batch.Targets[place])];
            Assert.Equal(learned.Length, learned.Distinct().Count());
            Assert.DoesNotContain(learned, token => token % 100 == 0);
            Assert.InRange(learned.Length, Lengths.Sum(length => length - 1) - 2 * 16, Lengths.Sum(length => length - 1));
        }
    }

    [Theory]
    [InlineData("Cut")]
    [InlineData("Whole")]
    public void Ranks_share_one_batch_and_resuming_needs_only_the_step(string packing)
    {
        using var folder = new TempFolder();
        using ShardFolder shards = Write(folder, Enum.Parse<Packing>(packing));
        var walked = new ShardOrder(shards.Training, shards.Index.Packing, 16, 5);
        for (long step = 0; step < 30; step++)
        {
            const int Size = 10;
            Batch whole = walked.Rows(step * Size, Size);
            foreach (int ranks in (int[])[1, 2, 3, 10])
            {
                long[] joined =
                [
                    .. Enumerable.Range(0, ranks).SelectMany(rank =>
                    {
                        (long first, int count) = new RankSlice(rank, ranks).Of(step, Size);
                        return new ShardOrder(shards.Training, shards.Index.Packing, 16, 5).Rows(first, count).Inputs;
                    }),
                ];
                Assert.Equal(whole.Inputs, joined);
            }
        }
    }

    [Fact]
    public void Epochs_and_seeds_differ()
    {
        using var folder = new TempFolder();
        using ShardFolder shards = Write(folder, Packing.Whole);
        var order = new ShardOrder(shards.Training, Packing.Whole, 16, 1);
        int rows = (int)new PackedDocuments(shards.Training, 16, null).Count;
        Assert.NotEqual(order.Rows(0, 10).Inputs, order.Rows(rows, 10).Inputs);
        Assert.NotEqual(order.Rows(0, 10).Inputs, new ShardOrder(shards.Training, Packing.Whole, 16, 2).Rows(0, 10).Inputs);
    }

    [Fact]
    public void Too_little_for_one_row_is_told()
    {
        using var folder = new TempFolder();
        ShardSamples.Write(folder, "s", [30, 9, 20]);
        using ShardFolder shards = ShardSamples.Open(folder, "s");
        Assert.Equal("TR-05", Assert.Throws<ParScaleException>(() => new ShardOrder(shards.Training, Packing.Cut, 30, 1)).Code);
        var error = Assert.Throws<ParScaleException>(() => new ShardOrder(shards.Training, Packing.Whole, 7, 1));
        Assert.Equal("TD-06", error.Code);
        Assert.Contains("0 usable documents of 3", error.Message, StringComparison.Ordinal);
    }

    private static ShardFolder Write(TempFolder folder, Packing packing)
    {
        ShardSamples.Write(folder, "s", Lengths, packing, shardTokens: 50);
        return ShardSamples.Open(folder, "s");
    }
}
