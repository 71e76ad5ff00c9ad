using ParScale.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace ParScale.Training.Checkpointing;

/// <summary>Moves values between torch tensors and the bytes of safetensors files.</summary>
internal static class TensorBytes
{
    // Numbers that are moved at a time: the bytes of a whole embedding may be more than a span can hold.
    private const int MostNumbers = 1 << 26;

    /// <summary>A tensor of the file as a float32 or integer torch tensor of the same shape.</summary>
    public static Tensor Read(SafetensorsFile file, TensorInfo info, int most = MostNumbers)
    {
        using var scope = NewDisposeScope();
        Tensor stored = empty(info.Shape, Stored(file, info));
        long at = 0;
        foreach (Tensor piece in Pieces(stored, most))
        {
            Span<byte> target = piece.bytes;
            file.Bytes(info, at, target.Length).CopyTo(target);
            at += target.Length;
        }
        return stored.to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Rows of a matrix of the file, [rows, columns], as float32; only those are read.</summary>
    public static Tensor ReadRows(SafetensorsFile file, TensorInfo info, ReadOnlySpan<long> rows)
    {
        using var scope = NewDisposeScope();
        int rowBytes = (int)(info.ByteLength / info.Shape[0]);
        Tensor stored = empty([rows.Length, info.Shape[1]], Stored(file, info));
        for (int i = 0; i < rows.Length; i++) file.Bytes(info, rows[i] * rowBytes, rowBytes).CopyTo(stored[i].bytes);
        return stored.to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The tensor as an entry to write, rounded to <paramref name="type"/> while it is written: no second copy of a whole
    /// model is ever held.
    /// </summary>
    public static TensorToWrite Write(string name, Tensor tensor, TensorType type, int most = MostNumbers) => Write(name, tensor.shape, [tensor], type, most);

    /// <summary>The same of a tensor whose bytes are those of several, one after the other.</summary>
    public static TensorToWrite Write(string name, long[] shape, IReadOnlyList<Tensor> parts, TensorType type, int most = MostNumbers)
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
                foreach (Tensor piece in Pieces(part.detach().contiguous(), most)) stream.Write(piece.to(stored).cpu().bytes);
            }
        });
    }

    // Views of a contiguous tensor, in order.
    private static IEnumerable<Tensor> Pieces(Tensor tensor, int most)
    {
        long count = tensor.numel();
        Tensor flat = tensor.reshape(count);
        for (long at = 0; at < count; at += most)
        {
            using var scope = NewDisposeScope();
            yield return flat.narrow(0, at, Math.Min(most, count - at));
        }
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
