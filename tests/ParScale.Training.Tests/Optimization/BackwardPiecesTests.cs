using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Optimization;

public sealed class BackwardPiecesTests
{
    [Theory]
    [InlineData(1, true, false)]
    [InlineData(2, true, false)]
    [InlineData(2, false, false)]
    [InlineData(2, true, true)]
    public void Gradients_are_those_of_one_pass_bit_for_bit(int streams, bool tied, bool frozen)
    {
        using ParScaleLm whole = Model(streams, tied, frozen), inPieces = Model(streams, tied, frozen);
        using var pieces = new BackwardPieces();
        Loss(whole, seed: 1).backward();
        List<int> done = [];
        pieces.Run(Loss(inPieces, seed: 1, pieces), done.Add);
        Assert.Equal(frozen ? [1] : [1, 0], done);
        foreach ((string name, TorchSharp.Modules.Parameter expected) in whole.named_parameters().Where(p => p.parameter.requires_grad))
        {
            Tensor actual = inPieces.get_parameter(name)?.grad ?? throw new InvalidOperationException($"{name} has no gradient");
            Assert.True(actual.bytes.SequenceEqual(expected.grad!.bytes), name);
        }
    }

    [Fact]
    public void A_pass_leaves_no_tensor_behind()
    {
        using ParScaleLm model = Model(2, true, false);
        using var pieces = new BackwardPieces();
        long before = 0;
        for (int i = 0; i < 4; i++)
        {
            using (NewDisposeScope()) pieces.Run(Loss(model, i, pieces), _ => { });
            if (i == 1) before = Tensor.TotalCount;
        }
        Assert.Equal(before, Tensor.TotalCount);
    }

    private static ParScaleLm Model(int streams, bool tied, bool frozen)
    {
        var model = new ParScaleLm(RandomCheckpoint.Config(streams, tied: tied), seed: 3);
        if (frozen) model.FreezeBackbone();
        return model;
    }

    private static Tensor Loss(ParScaleLm model, int seed, BackwardPieces? pieces = null)
    {
        using var scope = NewDisposeScope();
        using var random = new Generator((ulong)seed);
        Tensor tokens = randint(50, [3, 9], generator: random);
        Tensor logits = model.Logits(model.Mix(model.States(tokens.narrow(1, 0, 8), null, pieces)));
        return nn.functional.cross_entropy(logits.flatten(0, 1), tokens.narrow(1, 1, 8).flatten()).MoveToOuterDisposeScope();
    }
}
