using ParScale.Configuration;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// y = x / sqrt(mean(x^2) + eps) * (offset + weight) over the last axis, computed in float32 and handed on in the type that the
/// next product uses.
/// </summary>
internal sealed class RmsNorm : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")] private readonly Parameter _weight;
    // Held by the object: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private readonly Scalar _epsilon;
    private readonly Scalar _size;
    private readonly Scalar? _offset;
    private readonly ScalarType _outputType;

    /// <summary>A norm of <paramref name="size"/> numbers, with the epsilon and the offset of a model.</summary>
    public RmsNorm(ModelConfig model, int size, ScalarType outputType) : base(nameof(RmsNorm))
    {
        _weight = nn.Parameter(ones(size));
        (_epsilon, _size) = (model.RmsNormEpsilon, (long)size);
        if (model.NormOffset != 0) _offset = model.NormOffset;
        _outputType = outputType;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor wide = input.AtLeastFloat32();
        // The norm is one fused pass forward and backward; mean(square(x)) takes several over the whole tensor.
        Tensor scale = (wide.Lengths().Squared() / _size).Plus(_epsilon).rsqrt();
        Tensor weight = _offset is null ? _weight : _weight.Plus(_offset);
        return (wide * scale * weight).to(_outputType).MoveToOuterDisposeScope();
    }
}
