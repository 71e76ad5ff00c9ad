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
    private readonly StreamConfig _streams;
    // Held by the object: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private readonly Scalar _kept;
    private readonly Scalar _smoothing;
    private readonly Scalar _even;

    public Aggregation(CheckpointConfig config) : base(nameof(Aggregation))
    {
        _streams = config.Streams;
        _first = nn.Linear(config.Streams.Count * config.Model.HiddenSize, config.Model.HiddenSize);
        _second = nn.Linear(config.Model.HiddenSize, config.Streams.Count);
        (_kept, _smoothing, _even) = (1 - _streams.Smoothing, _streams.Smoothing, _streams.Smoothing / _streams.Count);
        RegisterComponents();
    }

    public override Tensor forward(Tensor streams)
    {
        using var scope = NewDisposeScope();
        return Sum(streams, Weights(streams)).MoveToOuterDisposeScope();
    }

    /// <summary>w of states [P, B, S, H], as [B, S, P].</summary>
    public Tensor Weights(Tensor streams)
    {
        using var scope = NewDisposeScope();
        Tensor scores = Projection.Apply(_second, nn.functional.silu(Projection.Apply(_first, Interleaved(streams))));
        return nn.functional.softmax(scores, dim: -1).mul(_kept).Plus(_even).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The mixture of the first <paramref name="count"/> streams, 2 or more, by the aggregator cut to them: columns h * P + p with
    /// p &lt; count of W1, rows p &lt; count of W2 and b2, smoothing eps / count. It is the aggregator of a checkpoint with so many streams.
    /// </summary>
    public Tensor MixFirst(Tensor streams, int count)
    {
        using var scope = NewDisposeScope();
        Tensor present = streams.narrow(0, 0, count);
        long hidden = _first.weight!.shape[0];
        Tensor first = _first.weight!.view(hidden, -1, _streams.Count).narrow(2, 0, count).flatten(1);
        Tensor inner = nn.functional.silu(Projection.Apply(first, _first.bias, Interleaved(present)));
        Tensor scores = Projection.Apply(_second.weight!.narrow(0, 0, count), _second.bias!.narrow(0, 0, count), inner);
        using Scalar even = _streams.Smoothing / count;
        return Sum(present, nn.functional.softmax(scores, dim: -1).mul(_kept).Plus(even)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The mixture of those streams that <paramref name="present"/>, [P, B, S] of 0 and 1 with at least one 1 per token, names: the others'
    /// input is 0, their score minus infinity, and the smoothing is eps over the number present.
    /// </summary>
    public Tensor MixPresent(Tensor streams, Tensor present)
    {
        using var scope = NewDisposeScope();
        Tensor inner = nn.functional.silu(Projection.Apply(_first, Interleaved(streams * present.unsqueeze(-1))));
        Tensor counted = present.permute(1, 2, 0);
        // log 1 = 0, log 0 = minus infinity.
        Tensor scores = Projection.Apply(_second, inner).Plus(counted.log());
        Tensor even = counted * _smoothing / counted.sum(dim: -1, keepdim: true);
        return Sum(streams, nn.functional.softmax(scores, dim: -1).mul(_kept).Plus(even)).MoveToOuterDisposeScope();
    }

    /// <summary>u: states [P, B, S, H] as [B, S, H * P].</summary>
    private static Tensor Interleaved(Tensor streams) => streams.permute(1, 2, 3, 0).reshape(streams.shape[1], streams.shape[2], -1);

    private static Tensor Sum(Tensor streams, Tensor weights) => (streams * weights.permute(2, 0, 1).unsqueeze(-1)).sum(dim: 0);
}
