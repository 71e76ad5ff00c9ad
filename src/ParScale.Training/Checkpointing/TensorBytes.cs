using ParScale.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace ParScale.Training.Checkpointing;

/// <summary>Moves values between torch tensors and the bytes of safetensors files.</summary>
internal static class TensorBytes
{
    /// <summary>A tensor of the file as a float32 or integer torch tensor of the same shape.</summary>
    public static Tensor Read(SafetensorsFile file, TensorInfo info)
    {
        using var scope = NewDisposeScope();
        Tensor stored = empty(info.Shape, Stored(file, info));
        file.Bytes(info).CopyTo(stored.bytes);
        return stored.to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Rows of a matrix of the file, [rows, columns], as float32; only those are read.</summary>
    public static Tensor ReadRows(SafetensorsFile file, TensorInfo info, ReadOnlySpan<long> rows)
    {
        using var scope = NewDisposeScope();
        int rowBytes = (int)(info.ByteLength / info.Shape[0]);
        Tensor stored = empty([rows.Length, info.Shape[1]], Stored(file, info));
        Span<byte> target = stored.bytes;
        for (int i = 0; i < rows.Length; i++) file.Bytes(info, rows[i] * rowBytes, rowBytes).CopyTo(target[(i * rowBytes)..]);
        return stored.to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The tensor as an entry to write, rounded to <paramref name="type"/> while it is written: no second copy of a whole
    /// model is ever held.
    /// </summary>
    public static TensorToWrite Write(string name, Tensor tensor, TensorType type) => Write(name, tensor.shape, [tensor], type);

    /// <summary>The same of a tensor whose bytes are those of several, one after the other.</summary>
    public static TensorToWrite Write(string name, long[] shape, IReadOnlyList<Tensor> parts, TensorType type)
    {
        ScalarType stored = type switch
        {
            TensorType.BF16 => ScalarType.BFloat16,
            TensorType.F16 => ScalarType.Float16,
            _ => ScalarType.Float32,
        };
        return new TensorToWrite(name, type, shape, stream =>
        {
            foreach (Tensor part in parts)
            {
                using var scope = NewDisposeScope();
                stream.Write(part.detach().to(stored).cpu().contiguous().bytes);
            }
        });
    }

    private static ScalarType Stored(SafetensorsFile file, TensorInfo info) => info.Type switch
    {
        TensorType.F32 => ScalarType.Float32,
        TensorType.BF16 => ScalarType.BFloat16,
        TensorType.F16 => ScalarType.Float16,
        _ => throw ParScaleException.BadInput("ST-28", file.Path,
            $"tensor {ParScaleException.Quote(info.Name)} is {info.Type}; the trainer reads F32, BF16 and F16"),
    };
}
