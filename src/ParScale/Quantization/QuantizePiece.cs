using System.Buffers;
using ParScale.Checkpoints.Safetensors;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.Quantization;

/// <summary>
/// Some tiles of a matrix on their way into a quantised file, or a whole small tensor that stays as it is. It maps the source for
/// itself: letting the piece go lets its pages go.
/// </summary>
internal sealed class QuantizePiece : IDisposable
{
    private readonly MappedFile _file;
    private readonly TensorInfo _tensor;
    private readonly WeightDtype? _type;
    private readonly int _firstRow;
    private readonly int _rows;
    private byte[] _codes = [];
    private byte[] _scales = [];

    private QuantizePiece(string path, TensorInfo tensor, WeightDtype? type, int firstRow, int rows)
    {
        _file = new MappedFile(path);
        _tensor = tensor;
        _type = type;
        _firstRow = firstRow;
        _rows = rows;
    }

    /// <summary>The tensor's name.</summary>
    public string Name => _tensor.Name;

    /// <summary>What it is packed to; null when it stays as it is.</summary>
    public WeightDtype? Type => _type;

    /// <summary>Whether it is the tensor's last piece.</summary>
    public bool IsLast => _type is null || _firstRow + _rows == _tensor.Shape[0];

    /// <summary>The bytes it was made from.</summary>
    public ReadOnlySpan<byte> Source => _type is null
        ? _file.Slice(_tensor.Offset, checked((int)_tensor.ByteLength))
        : _file.Slice(_tensor.Offset + (long)_firstRow * RowBytes, checked(_rows * RowBytes));

    /// <summary>Codes, in the order of <see cref="QuantizedLayout"/>.</summary>
    public ReadOnlySpan<byte> Codes => _codes.AsSpan(0, CodeBytes);

    /// <summary>Scales, in the same order.</summary>
    public ReadOnlySpan<byte> Scales => _scales.AsSpan(0, ScaleBytes);

    /// <summary>How far the codes are from the weights; NaN where a weight is not finite.</summary>
    public RoundingError Error { get; private set; } = new(0, 0);

    private int Columns => (int)_tensor.Shape[1];

    private int RowBytes => Columns * _tensor.Type.ByteSize();

    private int Tiles => QuantizedLayout.Tiles(_rows);

    private int CodeBytes => _type is { } type ? checked((int)(Tiles * QuantizedLayout.TileBytes(type, Columns))) : 0;

    private int ScaleBytes => _type is { } type ? checked((int)(Tiles * QuantizedLayout.TileScaleBytes(type, Columns))) : 0;

    /// <summary>The pieces of a matrix, each of about <paramref name="bytes"/> of the source.</summary>
    public static IEnumerable<QuantizePiece> Of(SafetensorsFile file, TensorInfo matrix, WeightDtype type, int bytes)
    {
        int rows = (int)matrix.Shape[0];
        long tileBytes = matrix.Shape[1] * matrix.Type.ByteSize() * QuantizedLayout.TileRows;
        int step = (int)Math.Max(1, bytes / tileBytes) * QuantizedLayout.TileRows;
        for (int first = 0; first < rows; first += step)
            yield return new QuantizePiece(file.Path, matrix, type, first, Math.Min(step, rows - first));
    }

    /// <summary>A tensor that stays as it is.</summary>
    public static QuantizePiece Whole(SafetensorsFile file, TensorInfo tensor) => new(file.Path, tensor, null, 0, 0);

    /// <summary>Packs the tiles on all cores, or looks whether the tensor is finite.</summary>
    public void Pack()
    {
        if (_type is not { } type)
        {
            using WeightMatrix all = Matrix(_tensor.Offset, 1, checked((int)(_tensor.ByteLength / _tensor.Type.ByteSize())));
            if (all.CountNonFinite() > 0) Error = new RoundingError(double.NaN, 0);
            return;
        }
        _codes = ArrayPool<byte>.Shared.Rent(CodeBytes);
        _scales = ArrayPool<byte>.Shared.Rent(ScaleBytes);
        using WeightMatrix rows = Matrix(_tensor.Offset + (long)_firstRow * RowBytes, _rows, Columns);
        var errors = new RoundingError[Tiles];
        int tileBytes = CodeBytes / Tiles, scaleBytes = ScaleBytes / Tiles;
        Parallel.For(0, Tiles, tile => errors[tile] = rows.PackTile(
            type, tile, _codes.AsSpan(tile * tileBytes, tileBytes), _scales.AsSpan(tile * scaleBytes, scaleBytes)));
        // Summed in order: the figure does not depend on threads.
        foreach (RoundingError error in errors) Error += error;
    }

    public void Dispose()
    {
        _file.Dispose();
        if (_codes.Length > 0) ArrayPool<byte>.Shared.Return(_codes);
        if (_scales.Length > 0) ArrayPool<byte>.Shared.Return(_scales);
        (_codes, _scales) = ([], []);
    }

    private WeightMatrix Matrix(long offset, int rows, int columns) => _tensor.Type switch
    {
        TensorType.F32 => WeightMatrix.Map(_file, offset, WeightDtype.F32, rows, columns),
        TensorType.BF16 => WeightMatrix.Map(_file, offset, WeightDtype.Bf16, rows, columns),
        _ => WeightMatrix.FromHalf(_file, offset, rows, columns),
    };
}
