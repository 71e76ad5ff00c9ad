using ParScale.Model;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// y = sum_p w_p x_p with w = (1 - eps) softmax(W2 silu(W1 u + b1) + b2) + eps / P, where u[h * P + p] = x_p[h].
/// Input [P, B, S, H], output [B, S, H].
/// </summary>
internal sealed class Aggregation : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "0")] private readonly Linear _first;
    [ComponentName(Name = "2")] private readonly Linear _second;
    private readonly double _smoothing;

    public Aggregation(ModelConfig config) : base(nameof(Aggregation))
    {
        _first = nn.Linear(config.Streams * config.HiddenSize, config.HiddenSize);
        _second = nn.Linear(config.HiddenSize, config.Streams);
        _smoothing = config.AttentionSmoothing;
        RegisterComponents();
    }

    public override Tensor forward(Tensor streams)
    {
        using var scope = NewDisposeScope();
        Tensor perStream = Weights(streams).permute(2, 0, 1).unsqueeze(-1);
        return (streams * perStream).sum(dim: 0).MoveToOuterDisposeScope();
    }

    /// <summary>w of states [P, B, S, H], as [B, S, P].</summary>
    public Tensor Weights(Tensor streams)
    {
        using var scope = NewDisposeScope();
        long count = streams.shape[0];
        Tensor interleaved = streams.permute(1, 2, 3, 0).reshape(streams.shape[1], streams.shape[2], -1);
        Tensor scores = Projection.Apply(_second, nn.functional.silu(Projection.Apply(_first, interleaved)));
        Tensor weights = nn.functional.softmax(scores, dim: -1) * (1 - _smoothing) + _smoothing / count;
        return weights.MoveToOuterDisposeScope();
    }
}
