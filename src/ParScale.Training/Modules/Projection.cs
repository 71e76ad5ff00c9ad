using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>x W^T + b in the type of x: weights stay float32 and are rounded for the product alone (mixed precision).</summary>
internal static class Projection
{
    public static Tensor Apply(Linear projection, Tensor input) => Apply(projection.weight!, projection.bias, input);

    public static Tensor Apply(Tensor weight, Tensor? bias, Tensor input) =>
        nn.functional.linear(input, weight.to(input.dtype), bias?.to(input.dtype));
}
