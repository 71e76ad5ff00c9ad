using ParScale.Checkpoints.Safetensors;
using ParScale.Kernels.Memory;

namespace ParScale.Model;

/// <summary>Gives a model its tensors, by the names of <see cref="Checkpoints.ModelTensors"/>.</summary>
internal interface IWeightSource
{
    /// <summary>One line per tensor with values that are not finite.</summary>
    IReadOnlyList<string> NonFinite { get; }

    /// <summary>The matrices given out that belong to the model which asked for them.</summary>
    IReadOnlyList<WeightMatrix> Matrices { get; }

    /// <summary>A matrix [rows, columns] in the type that is computed with.</summary>
    WeightMatrix Matrix(string name);

    /// <summary>How a tensor is stored: U8 of a matrix in codes and scales.</summary>
    TensorType StoredType(string name);

    /// <summary>All values of a tensor of any shape, as float32; of norms those that are multiplied with, which some families store less 1.</summary>
    float[] Vector(string name);
}
