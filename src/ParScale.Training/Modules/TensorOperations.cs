using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// Operations for which TorchSharp makes a number of its own, such as the factor 1 of an addition, and does not hold it while libtorch reads
/// it: a collection at that moment ends the run, or is computed with. These hold it. HeldNumbersTests finds what else is of that kind.
/// </summary>
internal static class TensorOperations
{
    private static readonly Scalar One = 1;

    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor left, Tensor right) => left.add(right, One);

    /// <summary>a + b for every element a; the caller holds b.</summary>
    public static Tensor Plus(this Tensor left, Scalar right) => left.add(right, One);

    /// <summary>a += b, in place.</summary>
    public static Tensor Add(this Tensor target, Tensor other) => target.add_(other, One);

    /// <summary>a += b for every element a, in place; the caller holds b.</summary>
    public static Tensor Add(this Tensor target, Scalar other) => target.add_(other, One);

    /// <summary>a^2.</summary>
    public static Tensor Squared(this Tensor tensor) => tensor * tensor;

    /// <summary>The Euclidean norm over the last axis, which stays as one element.</summary>
    public static Tensor Lengths(this Tensor tensor) => tensor.norm(-1, keepdim: true);

    /// <summary>The numbers from <paramref name="start"/> up to, and without, <paramref name="end"/>; the caller holds both.</summary>
    public static Tensor Range(Scalar start, Scalar end, ScalarType type) => arange(start, end, One, type);

    /// <summary>Where two tensors of whole numbers are equal.</summary>
    public static Tensor SameAs(this Tensor left, Tensor right) => (left - right).IsZero();

    /// <summary>Where an element is 0.</summary>
    public static Tensor IsZero(this Tensor tensor) => tensor.to(ScalarType.Bool).logical_not();

    /// <summary>The tensor in float32, or as it is when it is float64: where bfloat16 is not enough, in losses and long sums.</summary>
    public static Tensor AtLeastFloat32(this Tensor tensor) =>
        tensor.to(tensor.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32);
}
