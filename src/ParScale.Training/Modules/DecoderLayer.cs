using ParScale.Model;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>x + attention(norm(x)), then x + feedForward(norm(x)); [P * B, S, H] in and out.</summary>
internal sealed class DecoderLayer : nn.Module<Tensor, Positions, Tensor>
{
    [ComponentName(Name = "input_layernorm")] private readonly RmsNorm _attentionNorm;
    [ComponentName(Name = "self_attn")] private readonly SelfAttention _attention;
    [ComponentName(Name = "post_attention_layernorm")] private readonly RmsNorm _feedForwardNorm;
    [ComponentName(Name = "mlp")] private readonly FeedForward _feedForward;

    public DecoderLayer(ModelConfig config, ScalarType compute) : base(nameof(DecoderLayer))
    {
        _attentionNorm = new RmsNorm(config.HiddenSize, config.RmsNormEpsilon, compute);
        _attention = new SelfAttention(config);
        _feedForwardNorm = new RmsNorm(config.HiddenSize, config.RmsNormEpsilon, compute);
        _feedForward = new FeedForward(config.HiddenSize, config.IntermediateSize);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input, Positions positions)
    {
        using var scope = NewDisposeScope();
        Tensor afterAttention = input + _attention.forward(_attentionNorm.forward(input), positions);
        Tensor output = afterAttention + _feedForward.forward(_feedForwardNorm.forward(afterAttention));
        return output.MoveToOuterDisposeScope();
    }
}
