using ParScale.Configuration;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>y = down(activation(gate(x)) * up(x)).</summary>
internal sealed class FeedForward : nn.Module<Tensor, Tensor>
{
    // Held here: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private static readonly Scalar One = 1, Half = 0.5, Cubic = 0.044715, Slope = Math.Sqrt(2 / Math.PI);

    [ComponentName(Name = "gate_proj")] private readonly Linear _gateProjection;
    [ComponentName(Name = "up_proj")] private readonly Linear _upProjection;
    [ComponentName(Name = "down_proj")] private readonly Linear _downProjection;
    private readonly Activation _activation;

    /// <summary>A block of the width, activation and biases of <paramref name="config"/>; with <paramref name="width"/> of another width.</summary>
    public FeedForward(int hiddenSize, FeedForwardConfig config, int? width = null) : base(nameof(FeedForward))
    {
        int inner = width ?? config.Width;
        _gateProjection = nn.Linear(hiddenSize, inner, config.Bias);
        _upProjection = nn.Linear(hiddenSize, inner, config.Bias);
        _downProjection = nn.Linear(inner, hiddenSize, config.Bias);
        _activation = config.Activation;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor gate = Projection.Apply(_gateProjection, input);
        Tensor active = _activation == Activation.GeluTanh ? GeluTanh(gate) : nn.functional.silu(gate);
        return Projection.Apply(_downProjection, active * Projection.Apply(_upProjection, input)).MoveToOuterDisposeScope();
    }

    /// <summary>x / 2 (1 + tanh(sqrt(2 / pi) x (1 + 0.044715 x^2))), in float32 or wider, as torch's own kernels do it inside.</summary>
    private static Tensor GeluTanh(Tensor input)
    {
        Tensor x = input.AtLeastFloat32();
        Tensor inner = x * (x.Squared() * Cubic).Plus(One) * Slope;
        return (x * Half * inner.tanh().Plus(One)).to(input.dtype);
    }
}
