using ParScale.Checkpoints;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.Model;

/// <summary>Takes tensors out of a checkpoint as matrices or as float32 values, and counts what is not finite.</summary>
internal sealed class WeightReader(Checkpoint checkpoint, WeightType? type)
{
    private readonly List<string> _nonFinite = [];

    public IReadOnlyList<string> NonFinite => _nonFinite;

    /// <summary>A matrix [rows, columns]: mapped where the stored type serves, else converted into memory of its own.</summary>
    public WeightMatrix Matrix(string name, int rows, int columns)
    {
        WeightMatrix matrix = Stored(name, rows, columns);
        Note(name, matrix.CountNonFinite());
        return type is null ? matrix : matrix.ConvertTo(type.Value);
    }

    /// <summary>All values of a tensor of any shape, as float32 in stored order.</summary>
    public float[] Vector(string name)
    {
        int length = checked((int)checkpoint.Get(name).Info.Shape.Aggregate(1L, (product, size) => product * size));
        WeightMatrix stored = Stored(name, 1, length);
        var values = new float[length];
        stored.CopyRow(0, values);
        Note(name, values.LongCount(value => !float.IsFinite(value)));
        return values;
    }

    private WeightMatrix Stored(string name, int rows, int columns)
    {
        (SafetensorsFile file, TensorInfo info) = checkpoint.Get(name);
        return info.Type switch
        {
            TensorType.F32 => WeightMatrix.Map(file.Data, info.Offset, WeightType.F32, rows, columns),
            TensorType.BF16 => WeightMatrix.Map(file.Data, info.Offset, WeightType.Bf16, rows, columns),
            TensorType.F16 => WeightMatrix.FromHalf(file.Data, info.Offset, rows, columns),
            _ => throw ParScaleException.BadInput("ST-11", file.Path,
                $"tensor {ParScaleException.Quote(name)}: type {info.Type} cannot be run; weights must be F32, BF16 or F16"),
        };
    }

    private void Note(string name, long count)
    {
        if (count > 0) _nonFinite.Add($"tensor {ParScaleException.Quote(name)}: {count} values are not finite");
    }
}
