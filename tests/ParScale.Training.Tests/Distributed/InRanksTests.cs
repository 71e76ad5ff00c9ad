using ParScale.Training.Distributed;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Distributed;

/// <summary>Tests that hold for any number of processes; every process runs all of them, in the same order.</summary>
public sealed class InRanksTests(JoinedGroup joined) : IClassFixture<JoinedGroup>
{
    private const int Rows = 5;
    private const int Context = 8;

    private ProcessGroup Group => joined.Group;

    [Fact]
    public void Numbers_texts_and_tensors_are_shared()
    {
        double[] values = [1, Group.Rank];
        Group.Sum(values);
        Assert.Equal([Group.Count, Group.Count * (Group.Count - 1) / 2], values);
        Assert.True(Group.Any(Group.Rank == Group.Count - 1));
        Assert.False(Group.Any(false));
        Assert.Equal("of 0: é", Group.FromFirst($"of {Group.Rank}: é"));
        Assert.Null(Group.FromFirst(Group.IsFirst ? null : "other"));
        Assert.Equal("", Group.FromFirst(Group.IsFirst ? "" : "other"));
        using Tensor tensor = full([3, 4], 7f + Group.Rank).t();
        Group.FromFirst(tensor);
        Assert.All(tensor.data<float>().ToArray(), value => Assert.Equal(7f, value));
    }

    [Fact]
    public void Nulls_are_caught_as_without_mpi()
    {
        // Open MPI handles the signal that .NET makes this exception of, unless somebody does already.
        string? text = Group.Count > 0 ? null : "";
        Assert.Throws<NullReferenceException>(() => text!.Length);
    }

    [Theory]
    [InlineData(1, 1, false, 4 << 20)]
    [InlineData(2, 1, false, 4096)]
    [InlineData(2, 2, false, 1)]
    [InlineData(2, 1, true, 4096)]
    public void Gradients_are_those_of_the_whole_batch(int streams, int microBatches, bool frozen, long bucketBytes)
    {
        using ParScaleLm whole = Model(streams, frozen), mine = Model(streams, frozen);
        using var scope = NewDisposeScope();
        using var exchange = new GradientExchange(Group, Trained(mine), bucketBytes);
        Assert.True(bucketBytes > 1 || exchange.Count == Trained(mine).Count());
        using var pieces = new BackwardPieces();
        (long first, int count) = Group.Slice.Of(0, Rows);
        // Twice: a second step finds the buckets as the first one did.
        for (int step = 0; step < 2; step++)
        {
            Clear(whole);
            Clear(mine);
            Loss(whole, step, 0, Rows).backward();
            for (int part = 0; part < microBatches; part++)
            {
                int begin = count * part / microBatches, end = count * (part + 1) / microBatches;
                Action<int> signal = part == microBatches - 1 ? exchange.LayersDone : _ => { };
                if (end > begin) pieces.Run(Loss(mine, step, (int)first + begin, end - begin, pieces), signal);
            }
            exchange.Finish();
            foreach ((string name, Parameter parameter) in Trained(mine)) AssertClose(name, whole.get_parameter(name)!.grad!, parameter.grad!);
        }
    }

    private void AssertClose(string name, Tensor expected, Tensor actual)
    {
        Float64.AssertSame(expected, actual, $"rank {Group.Rank}: {name}");
        using Tensor first = actual.detach().clone();
        Group.FromFirst(first);
        Assert.True(first.bytes.SequenceEqual(actual.contiguous().bytes), $"rank {Group.Rank} has other sums of {name} than the first");
    }

    private static ParScaleLm Model(int streams, bool frozen)
    {
        ParScaleLm model = Float64.Model(RandomCheckpoint.Config(streams), seed: 3);
        if (frozen) model.FreezeBackbone();
        return model;
    }

    private static IEnumerable<(string Name, Parameter Parameter)> Trained(ParScaleLm model) =>
        model.named_parameters().Where(p => p.parameter.requires_grad);

    private static void Clear(ParScaleLm model)
    {
        using var noGradient = no_grad();
        foreach ((_, Parameter parameter) in Trained(model)) parameter.grad?.zero_();
    }

    /// <summary>What some rows add to the mean loss over the learned tokens of all rows, of which row r has r + 1.</summary>
    private static Tensor Loss(ParScaleLm model, int seed, int first, int count, BackwardPieces? pieces = null)
    {
        using var random = new Generator((ulong)seed);
        Tensor tokens = randint(50, [Rows, Context + 1], generator: random).narrow(0, first, count);
        Tensor hidden = model.Mix(model.States(tokens.narrow(1, 0, Context), null, pieces));
        long[] learned = [.. Enumerable.Range(0, count).SelectMany(r => Enumerable.Range(0, first + r + 1).Select(i => (long)(r * Context + i)))];
        Tensor places = tensor(learned);
        Tensor logits = model.Logits(hidden.flatten(0, 1).index_select(0, places));
        Tensor targets = tokens.narrow(1, 1, Context).flatten().index_select(0, places);
        return nn.functional.cross_entropy(logits, targets, reduction: nn.Reduction.Sum) / (Rows * (Rows + 1) / 2.0);
    }
}
