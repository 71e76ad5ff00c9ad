using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Modules;

public sealed class PrefixMlpTests
{
    private static readonly long[,] Tokens = { { 1, 2, 3, 4, 5, 6 } };

    [Fact]
    public void It_changes_nothing_at_first()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var plain = new ParScaleLm(RandomCheckpoint.Config(3), seed: 2);
        using var other = new ParScaleLm(RandomCheckpoint.Config(3), seed: 2, prefixMlp: 8);
        Assert.Equal(0, (plain.forward(tensor(Tokens)) - other.forward(tensor(Tokens))).abs().max().item<float>());
    }

    [Fact]
    public void Folded_away_it_leaves_the_same_model_under_a_checkpoints_names()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        CheckpointConfig config = RandomCheckpoint.Config(3);
        using ParScaleLm model = Float64.Model(config, seed: 2, prefixMlp: 8);
        foreach ((string name, var parameter) in model.named_parameters()) if (PrefixMlp.Owns(name)) parameter.normal_(0, 0.5);
        using ParScaleLm folded = Float64.Model(config, seed: 7);
        var target = folded.state_dict();
        var tensors = model.CheckpointTensors().ToArray();
        Assert.Equal(target.Keys.Order(), tensors.Select(t => t.Stored.Name).Order());
        foreach ((StoredTensor stored, IReadOnlyList<Tensor> parts) in tensors) target[stored.Name].copy_(parts.Single());
        Tensor expected = model.forward(tensor(Tokens));
        Float64.AssertSame(expected, folded.forward(tensor(Tokens)));
        using ParScaleLm unfolded = Float64.Model(config, seed: 2);
        Assert.True((unfolded.forward(tensor(Tokens)) - expected).abs().max().item<double>() > 1e-4);
    }
}
