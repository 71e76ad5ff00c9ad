using ParScale.Training.Optimization;
using TorchSharp.Modules;
using AdamW = ParScale.Training.Optimization.AdamW;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Optimization;

public sealed class AdamWTests
{
    [Fact]
    public void Updates_equal_those_of_torch()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        Tensor start = randn([6, 5], ScalarType.Float64);
        Parameter ours = nn.Parameter(start.clone());
        Parameter theirs = nn.Parameter(start.clone());
        using var optimizer = new AdamW([("q_proj.weight", ours)], beta2: 0.95, decay: 0.1, beta1: 0.8, epsilon: 1e-6);
        using var reference = optim.AdamW([theirs], lr: 0.01, beta1: 0.8, beta2: 0.95, eps: 1e-6, weight_decay: 0.1);
        for (int step = 0; step < 20; step++)
        {
            Tensor target = randn([6, 5], ScalarType.Float64);
            (ours - target).square().sum().backward();
            optimizer.Step(step, 0.01);
            reference.zero_grad();
            (theirs - target).square().sum().backward();
            reference.step();
        }
        Float64.AssertSame(theirs, ours);
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.q_proj.weight", 2, true)]
    [InlineData("model.layers.0.self_attn.q_proj.bias", 1, false)]
    [InlineData("model.layers.0.self_attn.prefix_k", 4, false)]
    [InlineData("model.norm.weight", 1, false)]
    [InlineData("model.embed_tokens.weight", 2, false)]
    public void Only_weight_matrices_decay(string name, int axes, bool decays)
    {
        using var scope = NewDisposeScope();
        Parameter parameter = nn.Parameter(ones([.. Enumerable.Repeat(2L, axes)], ScalarType.Float64));
        using var optimizer = new AdamW([(name, parameter)], 0.99, decay: 0.5);
        (parameter * 0).sum().backward();
        optimizer.Step(0, 0.1);
        Assert.Equal(decays ? 0.95 : 1, parameter.flatten()[0].item<double>(), 1e-12);
    }

    [Theory]
    [InlineData("model.layers.0.self_attn.prefix_v", 3)]
    [InlineData("model.layers.0.self_attn.prefix_mlp.2.weight", 3)]
    [InlineData("model.aggregate_layer.0.weight", 0.5)]
    [InlineData("model.aggregate_layer.2.bias", 0.5)]
    [InlineData("model.layers.0.self_attn.q_proj.weight", 1)]
    [InlineData("model.embed_tokens.weight", 1)]
    public void A_factor_is_as_good_as_another_rate(string name, double factor)
    {
        using var scope = NewDisposeScope();
        Parameter one = nn.Parameter(full([2, 2], 0.7, ScalarType.Float64)), other = nn.Parameter(full([2, 2], 0.7, ScalarType.Float64));
        using var factored = new AdamW([(name, one)], 0.99, decay: 0.5, rates: new RateFactors(Prefixes: 3, Aggregator: 0.5));
        using var even = new AdamW([(name, other)], 0.99, decay: 0.5);
        for (int step = 0; step < 5; step++)
        {
            (one * one).sum().backward();
            (other * other).sum().backward();
            factored.Step(step, 0.01);
            even.Step(step, factor * 0.01);
        }
        Float64.AssertSame(other, one);
    }

    [Fact]
    public void Clipping_scales_the_joint_norm()
    {
        using var scope = NewDisposeScope();
        Parameter a = nn.Parameter(zeros([1, 1], ScalarType.Float64));
        Parameter b = nn.Parameter(zeros([1, 1], ScalarType.Float64));
        using var optimizer = new AdamW([("a_proj.weight", a), ("b_proj.weight", b)], 0.99, 0);
        (a * 3 + b * 4).sum().backward();
        Assert.Equal(5, optimizer.ClipGradients(limit: 10), 1e-12);
        Assert.Equal(3.0, a.grad!.item<double>());
        Assert.Equal(5, optimizer.ClipGradients(limit: 1), 1e-12);
        Assert.Equal(0.6, a.grad!.item<double>(), 1e-12);
        Assert.Equal(0.8, b.grad!.item<double>(), 1e-12);
    }
}
