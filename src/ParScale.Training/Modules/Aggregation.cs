using ParScale.Configuration;
using TorchSharp;
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
    // Held by the object: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private readonly Scalar _kept;
    private readonly Scalar _even;

    public Aggregation(CheckpointConfig config) : base(nameof(Aggregation))
    {
        _first = nn.Linear(config.Streams.Count * config.Model.HiddenSize, config.Model.HiddenSize);
        _second = nn.Linear(config.Model.HiddenSize, config.Streams.Count);
        (_kept, _even) = (1 - config.Streams.Smoothing, config.Streams.Smoothing / config.Streams.Count);
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
        Tensor interleaved = streams.permute(1, 2, 3, 0).reshape(streams.shape[1], streams.shape[2], -1);
        Tensor scores = Projection.Apply(_second, nn.functional.silu(Projection.Apply(_first, interleaved)));
        Tensor weights = nn.functional.softmax(scores, dim: -1).mul(_kept).Plus(_even);
        return weights.MoveToOuterDisposeScope();
    }
}
