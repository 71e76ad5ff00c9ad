using ParScale.Configuration;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>x + attention(norm(x)), then x + feedForward(norm(x)); [P * B, S, H] in and out. While training, numbers of both
/// branches are dropped at random.</summary>
internal sealed class DecoderLayer : nn.Module<Tensor, Positions, Tensor>
{
    [ComponentName(Name = "input_layernorm")] private readonly RmsNorm _attentionNorm;
    [ComponentName(Name = "self_attn")] private readonly SelfAttention _attention;
    [ComponentName(Name = "post_attention_layernorm")] private readonly RmsNorm _feedForwardNorm;
    [ComponentName(Name = "mlp")] private readonly FeedForward _feedForward;
    private readonly double _dropout;

    public DecoderLayer(CheckpointConfig config, ScalarType compute, double dropout = 0, int prefixMlp = 0) : base(nameof(DecoderLayer))
    {
        _attentionNorm = new RmsNorm(config.Model.HiddenSize, config.Model.RmsNormEpsilon, compute);
        _attention = new SelfAttention(config, prefixMlp);
        _feedForwardNorm = new RmsNorm(config.Model.HiddenSize, config.Model.RmsNormEpsilon, compute);
        _feedForward = new FeedForward(config.Model.HiddenSize, config.Model.IntermediateSize);
        _dropout = dropout;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input, Positions positions)
    {
        using var scope = NewDisposeScope();
        Tensor afterAttention = input.Plus(Drop(_attention.forward(_attentionNorm.forward(input), positions)));
        Tensor output = afterAttention.Plus(Drop(_feedForward.forward(_feedForwardNorm.forward(afterAttention))));
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>Keys and values of the layer's prefix; null when P = 1.</summary>
    public (Tensor Keys, Tensor Values)? Prefix() => _attention.Prefix();

    /// <summary>From now on stream 0 does not see its prefix.</summary>
    public void HideFirstPrefix() => _attention.HideFirstPrefix();

    /// <summary>Keys, rotated, and values of the tokens; see <see cref="SelfAttention.KeysAndValues"/>.</summary>
    public (Tensor Keys, Tensor Values) KeysAndValues(Tensor input, Positions positions)
    {
        using Tensor normed = _attentionNorm.forward(input);
        return _attention.KeysAndValues(normed, positions);
    }

    /// <summary>What a new prefix of this layer will meet; see <see cref="SelfAttention.Look"/>.</summary>
    public (Tensor Queries, Tensor LogMass, Tensor Mixed) Look(Tensor input, Positions positions)
    {
        using Tensor normed = _attentionNorm.forward(input);
        return _attention.Look(normed, positions);
    }

    private Tensor Drop(Tensor branch) => _dropout > 0 && training ? nn.functional.dropout(branch, _dropout) : branch;
}
