using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Modules;

/// <summary>The anchor of a frozen model, which is computed before its helpers and apart from the gradient's graph.</summary>
public sealed class FrozenAnchorTests
{
    [Theory]
    [InlineData(2, 0, false, null)]
    [InlineData(4, 3, true, null)]
    [InlineData(3, 0, true, false)]
    [InlineData(3, 3, false, true)]
    [InlineData(4, 0, true, true)]
    public void Gradients_are_those_of_a_pass_that_has_the_anchor_in_it(int streams, int prefixMlp, bool packed, bool? checkpointing)
    {
        using var scope = NewDisposeScope();
        using ParScaleLm apart = Model(streams, prefixMlp), together = Model(streams, prefixMlp);
        apart.FreezeBackbone();
        foreach ((string name, var parameter) in together.named_parameters()) parameter.requires_grad = ModelTensors.IsOfStreams(name) || PrefixMlp.Owns(name);
        Tensor expected = Loss(together, packed, null);
        expected.backward();
        using BackwardPieces? pieces = checkpointing is { } again ? new BackwardPieces(again) : null;
        Tensor found = Loss(apart, packed, pieces);
        if (pieces is null) found.backward();
        else pieces.Run(found);
        Assert.Equal(expected.item<double>(), found.item<double>(), 1e-13);
        int compared = 0;
        foreach ((string name, var parameter) in together.named_parameters())
        {
            Tensor? own = apart.get_parameter(name)!.grad;
            Assert.Equal(parameter.grad is null, own is null);
            if (parameter.grad is not { } gradient || own is null) continue;
            double most = gradient.abs().max().item<double>(), off = (own - gradient).abs().max().item<double>();
            Assert.True(most > 0 && off <= 1e-12 * most, $"{name}: {off} of {most}");
            compared++;
        }
        // Of each layer prefixes and their MLP, of the aggregator two matrices and two biases.
        Assert.True(compared >= 8, $"{compared}");
        // What is saved and evaluated is the whole model.
        Assert.Equal(streams, apart.States(tensor(new long[] { 1, 2, 3 }).view(1, 3)).shape[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pass_leaves_no_tensor_behind(bool checkpointing)
    {
        using ParScaleLm model = Model(3, 0);
        model.FreezeBackbone();
        using var pieces = new BackwardPieces(checkpointing);
        long before = 0;
        for (int i = 0; i < 4; i++)
        {
            using (NewDisposeScope()) pieces.Run(Loss(model, packed: i > 0, pieces));
            if (i == 1) before = Tensor.TotalCount;
        }
        Assert.Equal(before, Tensor.TotalCount);
    }

    private static Tensor Loss(ParScaleLm model, bool packed, BackwardPieces? pieces)
    {
        using var scope = NewDisposeScope();
        Tensor tokens = tensor(new long[] { 1, 2, 3, 8, 5, 0, 6, 4, 4, 7, 6, 9, 1, 2 }).view(2, 7), targets = tensor(new long[] { 2, 3, 8, 5, 0, 6, 10, 4, 7, 6, 9, 1, 2, 0 });
        Tensor? offsets = packed ? tensor(new long[] { 0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 3, 4, 0, 1 }).view(2, 7) : null;
        Tensor states = model.States(tokens, offsets, pieces), loss = nn.functional.cross_entropy(model.Logits(model.Mix(states)).flatten(0, 1), targets);
        return (loss + StreamSimilarity.Penalty(states) * 0.3).MoveToOuterDisposeScope();
    }

    private static ParScaleLm Model(int streams, int prefixMlp)
    {
        CheckpointConfig config = RandomCheckpoint.Config(
            streams, heads: 4, keyValueHeads: 2, hidden: 6, intermediate: 7, headSize: 4, vocabulary: 11, prefix: 2, anchored: true);
        var model = new ParScaleLm(config, compute: ScalarType.Float64, prefixMlp: prefixMlp);
        model.to(ScalarType.Float64);
        using var noGradient = no_grad();
        using var generator = new Generator(3);
        foreach (var parameter in model.parameters()) parameter.normal_(0.1, 0.5, generator);
        return model;
    }
}
