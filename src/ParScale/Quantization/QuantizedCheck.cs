using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using ParScale.Checkpoints.Safetensors;

namespace ParScale.Quantization;

/// <summary>
/// Reads every byte of a quantised file once, on all cores, and compares each tensor with the checksum that was written with it.
/// Loading needs the pages anyway, so this costs little more than bringing them in.
/// </summary>
internal static class QuantizedCheck
{
    private const int LargestPiece = 1 << 30;

    // A bfloat16 that is finite and not negative is below this; as an unsigned number every other one is not.
    private const ushort Infinity = 0x7F80;

    /// <exception cref="ParScaleException">A tensor was changed (QC-05) or has a scale that no packing makes (QC-07).</exception>
    public static void Require(SafetensorsFile file)
    {
        file.Data.Prefetch(0, file.Data.Length);
        var faults = new ConcurrentDictionary<string, ParScaleException>(StringComparer.Ordinal);
        // The largest first, so that no core is left with it at the end.
        TensorInfo[] tensors = [.. file.Tensors.Values.OrderByDescending(tensor => tensor.ByteLength)];
        Parallel.ForEach(Partitioner.Create(tensors, EnumerablePartitionerOptions.NoBuffering), tensor =>
        {
            if (Fault(file, tensor) is { } fault) faults[tensor.Name] = fault;
        });
        // Always the same one, whichever thread was first.
        if (!faults.IsEmpty) throw faults.MinBy(fault => file.Tensors[fault.Key].Offset).Value;
    }

    private static ParScaleException? Fault(SafetensorsFile file, TensorInfo tensor)
    {
        var crc = new Crc64();
        bool sound = true;
        for (long done = 0; done < tensor.ByteLength; done += LargestPiece)
        {
            int length = (int)Math.Min(LargestPiece, tensor.ByteLength - done);
            ReadOnlySpan<byte> piece = file.Data.Slice(tensor.Offset + done, length);
            crc.Append(piece);
            if (QuantizedTensors.IsScale(tensor)) sound &= TensorPrimitives.Max(MemoryMarshal.Cast<byte, ushort>(piece)) < Infinity;
        }
        if (!file.Metadata.TryGetValue(HeaderChecksum.TensorKey + tensor.Name, out string? expected))
            return QuantizedFault.Tensor("QC-05", file.Path, tensor.Name, "has no checksum");
        if (HeaderChecksum.Text(crc.GetCurrentHashAsUInt64()) != expected)
            return QuantizedFault.Tensor("QC-05", file.Path, tensor.Name, "its bytes do not match their checksum: the file is damaged");
        return sound ? null : QuantizedFault.Tensor("QC-07", file.Path, tensor.Name, "holds a negative, infinite or NaN scale");
    }
}
