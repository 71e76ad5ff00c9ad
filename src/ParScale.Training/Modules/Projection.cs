using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>x W^T + b in the type of x: weights stay float32 and are rounded for the product alone (mixed precision).</summary>
internal static class Projection
{
    public static Tensor Apply(Linear projection, Tensor input)
    {
        Tensor weight = projection.weight!.to(input.dtype);
        return nn.functional.linear(input, weight, projection.bias?.to(input.dtype));
    }
}
