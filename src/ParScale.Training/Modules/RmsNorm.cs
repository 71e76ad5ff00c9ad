using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// y = x / sqrt(mean(x^2) + eps) * weight over the last axis, computed in float32 and handed on in the type that the
/// next product uses.
/// </summary>
internal sealed class RmsNorm : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    // Held by the object: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private readonly Scalar _epsilon;
    private readonly Scalar _size;
    private readonly ScalarType _outputType;

    public RmsNorm(int size, double epsilon, ScalarType outputType) : base(nameof(RmsNorm))
    {
        _weight = nn.Parameter(ones(size));
        (_epsilon, _size) = (epsilon, (long)size);
        _outputType = outputType;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        // The norm is one fused pass forward and backward; mean(square(x)) takes several over the whole tensor.
        Tensor scale = (input.Lengths().Squared() / _size).Plus(_epsilon).rsqrt();
        return (input * scale * _weight).to(_outputType).MoveToOuterDisposeScope();
    }
}
