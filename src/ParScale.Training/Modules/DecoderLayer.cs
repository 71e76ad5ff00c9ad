using ParScale.Configuration;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// x + m behind(attention(before(x))), then x + m behind(feedForward(before(x))); [P * B, S, H] in and out. Before and behind are norms, of
/// which <see cref="NormPlacement"/> tells which there are; m is 1 in most families. While training, numbers of both branches are
/// dropped at random.
/// </summary>
internal sealed class DecoderLayer : nn.Module<Tensor, Positions, Tensor>
{
    [ComponentName(Name = "input_layernorm")] private readonly RmsNorm? _inputNorm;
    [ComponentName(Name = "self_attn")] private readonly SelfAttention _attention;
    [ComponentName(Name = "post_attention_layernorm")] private readonly RmsNorm _postAttentionNorm;
    [ComponentName(Name = "pre_feedforward_layernorm")] private readonly RmsNorm? _preFeedForwardNorm;
    [ComponentName(Name = "mlp")] private readonly nn.Module<Tensor, Tensor> _feedForward;
    [ComponentName(Name = "post_feedforward_layernorm")] private readonly RmsNorm? _postFeedForwardNorm;
    private readonly NormPlacement _norms;
    private readonly ScalarType _compute;
    private readonly double _dropout;
    // Held by the object: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private readonly Scalar? _multiplier;

    /// <summary>Layer <paramref name="index"/> of a model.</summary>
    public DecoderLayer(CheckpointConfig config, int index, ScalarType compute, double dropout = 0, int prefixMlp = 0) : base(nameof(DecoderLayer))
    {
        ModelConfig model = config.Model;
        LayerConfig layer = model.Layers[index];
        (_norms, _compute, _dropout) = (layer.Norms, compute, dropout);
        RmsNorm Norm() => new(model, model.HiddenSize, compute);
        if (_norms != NormPlacement.After) _inputNorm = Norm();
        _attention = new SelfAttention(config, layer.Attention, compute, prefixMlp);
        _postAttentionNorm = Norm();
        if (_norms == NormPlacement.Both) _preFeedForwardNorm = Norm();
        _feedForward = layer.FeedForward.Experts is { } experts
            ? new ExpertFeedForward(model.HiddenSize, layer.FeedForward, experts)
            : new FeedForward(model.HiddenSize, layer.FeedForward);
        if (_norms != NormPlacement.Before) _postFeedForwardNorm = Norm();
        if (model.ResidualMultiplier != 1) _multiplier = model.ResidualMultiplier;
        RegisterComponents();
    }

    // The published name tells where this norm stands only when there are others.
    private RmsNorm? NormBehindAttention => _norms == NormPlacement.Before ? null : _postAttentionNorm;

    private RmsNorm? NormBeforeFeedForward => _norms == NormPlacement.Before ? _postAttentionNorm : _preFeedForwardNorm;

    public override Tensor forward(Tensor input, Positions positions)
    {
        using var scope = NewDisposeScope();
        return After(input, _attention.forward(Before(_inputNorm, input), positions)).MoveToOuterDisposeScope();
    }

    /// <summary>Of an anchored model the anchor's rows alone, and the keys and values that its helpers see; see <see cref="SelfAttention.Anchor"/>.</summary>
    public (Tensor States, Tensor Keys, Tensor Values) Anchor(Tensor input, Positions positions)
    {
        using var scope = NewDisposeScope();
        (Tensor attended, Tensor keys, Tensor values) = _attention.Anchor(Before(_inputNorm, input), positions);
        return (After(input, attended).MoveToOuterDisposeScope(), keys.MoveToOuterDisposeScope(), values.MoveToOuterDisposeScope());
    }

    /// <summary>The helpers' rows alone, beside what the anchor gave.</summary>
    public Tensor Helpers(Tensor input, (Tensor Keys, Tensor Values) seen, Positions positions)
    {
        using var scope = NewDisposeScope();
        return After(input, _attention.Helpers(Before(_inputNorm, input), seen, positions)).MoveToOuterDisposeScope();
    }

    /// <summary>Keys and values of the layer's prefix; null when P = 1.</summary>
    public (Tensor Keys, Tensor Values)? Prefix() => _attention.Prefix();

    /// <summary>From now on stream 0 does not see its prefix.</summary>
    public void HideFirstPrefix() => _attention.HideFirstPrefix();

    /// <summary>Keys and values of the tokens; see <see cref="SelfAttention.KeysAndValues"/>.</summary>
    public (Tensor Keys, Tensor Values) KeysAndValues(Tensor input)
    {
        using var scope = NewDisposeScope();
        (Tensor keys, Tensor values) = _attention.KeysAndValues(Before(_inputNorm, input));
        return (keys.MoveToOuterDisposeScope(), values.MoveToOuterDisposeScope());
    }

    /// <summary>What a new prefix of this layer will meet; see <see cref="SelfAttention.Look"/>.</summary>
    public (Tensor Queries, Tensor LogMass, Tensor Mixed) Look(Tensor input, Positions positions)
    {
        using var scope = NewDisposeScope();
        (Tensor queries, Tensor logMass, Tensor mixed) = _attention.Look(Before(_inputNorm, input), positions);
        return (queries.MoveToOuterDisposeScope(), logMass.MoveToOuterDisposeScope(), mixed.MoveToOuterDisposeScope());
    }

    /// <summary>What comes out of the layer when its attention has given <paramref name="attended"/>.</summary>
    private Tensor After(Tensor input, Tensor attended)
    {
        Tensor afterAttention = input.Plus(Branch(NormBehindAttention, attended));
        return afterAttention.Plus(Branch(_postFeedForwardNorm, _feedForward.forward(Before(NormBeforeFeedForward, afterAttention))));
    }

    /// <summary>What a block computes with; where no norm stands before it, the residual stream in the type of its products.</summary>
    private Tensor Before(RmsNorm? norm, Tensor x) => norm is null ? x.to(_compute) : norm.forward(x);

    private Tensor Branch(RmsNorm? behind, Tensor block)
    {
        Tensor branch = behind is null ? block : behind.forward(block);
        if (_dropout > 0 && training) branch = nn.functional.dropout(branch, _dropout);
        return _multiplier is null ? branch : branch * _multiplier;
    }
}
