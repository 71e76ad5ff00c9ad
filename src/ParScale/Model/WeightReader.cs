using System.Numerics.Tensors;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Quantization;

namespace ParScale.Model;

/// <summary>
/// Takes tensors out of a checkpoint, whose shapes were checked when it was opened, as matrices or as float32 values, and
/// counts what is not finite.
/// </summary>
/// <param name="checkpoint">An open checkpoint; of a quantised one the checksums were compared.</param>
/// <param name="type">Storage of the matrices, by the rule of <see cref="MatrixTypes"/>; null keeps them as stored.</param>
internal sealed class WeightReader(Checkpoint checkpoint, WeightDtype? type) : IWeightSource
{
    private readonly Dictionary<string, long[]> _shapes = ModelTensors.Loaded(checkpoint.Config).ToDictionary(StringComparer.Ordinal);
    private readonly List<string> _nonFinite = [];
    private readonly List<WeightMatrix> _matrices = [];

    /// <summary>One line per tensor with values that are not finite.</summary>
    public IReadOnlyList<string> NonFinite => _nonFinite;

    /// <summary>All matrices given out.</summary>
    public IReadOnlyList<WeightMatrix> Matrices => _matrices;

    /// <summary>A matrix [rows, columns]: mapped where the stored type serves, else converted into memory of its own.</summary>
    public WeightMatrix Matrix(string name)
    {
        WeightMatrix matrix = Quantized(name) ?? Float(name);
        _matrices.Add(matrix);
        return matrix;
    }

    /// <inheritdoc/>
    public TensorType StoredType(string name) => checkpoint.Get(name).Info.Type;

    /// <summary>All values of a tensor of any shape, as float32 in stored order; see <see cref="IWeightSource.Vector"/>.</summary>
    public float[] Vector(string name)
    {
        TensorInfo info = checkpoint.Get(name).Info;
        var values = new float[info.ByteLength / info.Type.ByteSize()];
        using WeightMatrix stored = Stored(name, 1, values.Length);
        stored.CopyRow(0, values);
        if (ModelTensors.IsNorm(name) && checkpoint.Config.Model.NormOffset is not 0 and var offset) TensorPrimitives.Add(values, (float)offset, values);
        return values;
    }

    private WeightMatrix? Quantized(string name)
    {
        if (checkpoint.Config.QuantizedType is not { } type || MatrixTypes.Quantized(name, type) is not { } packed) return null;
        (SafetensorsFile file, TensorInfo codes) = checkpoint.Get(name);
        TensorInfo scales = checkpoint.Get(QuantizedTensors.ScaleName(name)).Info;
        long[] shape = _shapes[name];
        return WeightMatrix.MapQuantized(file.Data, codes.Offset, scales.Offset, packed, (int)shape[0], (int)shape[1]);
    }

    private WeightMatrix Float(string name)
    {
        TensorInfo info = checkpoint.Get(name).Info;
        WeightMatrix stored = Stored(name, (int)info.Shape[0], (int)info.Shape[1]);
        WeightMatrix matrix = stored.ConvertTo(MatrixTypes.Of(name, info.Type, type));
        if (matrix != stored) stored.Dispose();
        return matrix;
    }

    private WeightMatrix Stored(string name, int rows, int columns)
    {
        (SafetensorsFile file, TensorInfo info) = checkpoint.Get(name);
        WeightMatrix matrix = info.Type switch
        {
            TensorType.F32 => WeightMatrix.Map(file.Data, info.Offset, WeightDtype.F32, rows, columns),
            TensorType.BF16 => WeightMatrix.Map(file.Data, info.Offset, WeightDtype.Bf16, rows, columns),
            TensorType.F16 => WeightMatrix.FromHalf(file.Data, info.Offset, rows, columns),
            _ => throw new System.Diagnostics.UnreachableException($"the type {info.Type} was refused when the checkpoint was opened"),
        };
        long count = matrix.CountNonFinite();
        string values = count == 1 ? "value is" : "values are";
        if (count > 0) _nonFinite.Add($"{Path.GetFileName(file.Path)}: tensor {ParScaleException.Quote(name)}: {count} {values} not finite");
        return matrix;
    }
}
