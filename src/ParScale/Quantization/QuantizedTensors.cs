using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;

namespace ParScale.Quantization;

/// <summary>
/// Which tensors the file of a quantised folder holds. A matrix <c>x.weight</c> [rows, columns] becomes its codes, U8, under its
/// own name, [tiles, K/4, 32, 4] (Q8) or [tiles, K/8, 32, 4] (Q4), and <c>x.weight_scale</c>, BF16, [tiles, groups, 32]; see
/// <see cref="QuantizedLayout"/>. All others stay as they were.
/// </summary>
internal static class QuantizedTensors
{
    private const string ScaleSuffix = "_scale";
    private const int BytesPerLane = 4;

    /// <summary>The name of a matrix's scales.</summary>
    public static string ScaleName(string name) => name + ScaleSuffix;

    /// <summary>Whether the tensor holds a matrix's scales.</summary>
    public static bool IsScale(TensorInfo tensor) =>
        tensor.Type == TensorType.BF16 && tensor.Name.EndsWith(ScaleSuffix, StringComparison.Ordinal);

    /// <summary>The shape of the codes of a matrix [rows, columns].</summary>
    public static long[] CodeShape(WeightDtype type, long[] shape)
    {
        long perTile = QuantizedLayout.TileBytes(type, (int)shape[1]);
        return [QuantizedLayout.Tiles((int)shape[0]), perTile / (QuantizedLayout.TileRows * BytesPerLane), QuantizedLayout.TileRows, BytesPerLane];
    }

    /// <summary>The shape of the scales of a matrix [rows, columns].</summary>
    public static long[] ScaleShape(WeightDtype type, long[] shape) =>
        [QuantizedLayout.Tiles((int)shape[0]), QuantizedLayout.Groups(type, (int)shape[1]), QuantizedLayout.TileRows];

    /// <summary>Checks that a file holds exactly the tensors that its config asks for.</summary>
    /// <exception cref="ParScaleException">It does not (QC-06).</exception>
    public static void Require(CheckpointConfig config, WeightDtype type, CheckpointFiles files)
    {
        int expected = 0;
        foreach ((string name, long[] shape) in ModelTensors.Loaded(config))
        {
            if (MatrixTypes.IsMatrix(shape) && MatrixTypes.Quantized(name, type) is { } packed)
            {
                RequireTensor(files, name, CodeShape(packed, shape), TensorType.U8);
                RequireTensor(files, ScaleName(name), ScaleShape(packed, shape), TensorType.BF16);
                expected += 2;
            }
            else
            {
                RequireTensor(files, name, shape, TensorType.F32, TensorType.BF16, TensorType.F16);
                expected++;
            }
        }
        if (files.Tensors.Count != expected)
            throw QuantizedFault.Create("QC-06", files.MainFile, $"holds {files.Tensors.Count} tensors, its config.json asks for {expected}");
    }

    private static void RequireTensor(CheckpointFiles files, string name, long[] shape, params ReadOnlySpan<TensorType> types)
    {
        if (!files.Tensors.TryGetValue(name, out (SafetensorsFile File, TensorInfo Info) held))
            throw QuantizedFault.Tensor("QC-06", files.MainFile, name, "is missing");
        TensorInfo found = held.Info;
        if (types.Contains(found.Type) && found.Shape.AsSpan().SequenceEqual(shape)) return;
        throw QuantizedFault.Tensor("QC-06", held.File.Path, name,
            $"expected {types[0].FileName()} [{string.Join(", ", shape)}], found {found.Type.FileName()} [{string.Join(", ", found.Shape)}]");
    }
}
