using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>Where bfloat16 is not enough: losses and what else is summed over many tokens.</summary>
internal static class FloatPrecision
{
    /// <summary>The tensor in float32, or as it is when it is float64.</summary>
    public static Tensor AtLeastFloat32(this Tensor tensor) =>
        tensor.to(tensor.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32);
}
