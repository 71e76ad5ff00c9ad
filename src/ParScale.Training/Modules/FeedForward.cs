using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>SwiGLU: y = down(silu(gate(x)) * up(x)); no biases.</summary>
internal sealed class FeedForward : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "gate_proj")] private readonly Linear _gateProjection;
    [ComponentName(Name = "up_proj")] private readonly Linear _upProjection;
    [ComponentName(Name = "down_proj")] private readonly Linear _downProjection;

    public FeedForward(int hiddenSize, int intermediateSize) : base(nameof(FeedForward))
    {
        _gateProjection = nn.Linear(hiddenSize, intermediateSize, hasBias: false);
        _upProjection = nn.Linear(hiddenSize, intermediateSize, hasBias: false);
        _downProjection = nn.Linear(intermediateSize, hiddenSize, hasBias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor gate = nn.functional.silu(Projection.Apply(_gateProjection, input));
        return Projection.Apply(_downProjection, gate * Projection.Apply(_upProjection, input)).MoveToOuterDisposeScope();
    }
}
