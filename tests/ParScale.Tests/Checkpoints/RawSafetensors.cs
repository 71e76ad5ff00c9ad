using System.Buffers.Binary;
using System.Text;

namespace ParScale.Tests.Checkpoints;

/// <summary>Builds the bytes of safetensors files, good and bad.</summary>
internal static class RawSafetensors
{
    public static byte[] Bytes(string header, int dataBytes) => Bytes(Encoding.UTF8.GetBytes(header), dataBytes);

    public static byte[] Bytes(byte[] header, int dataBytes)
    {
        byte[] file = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        return file;
    }

    /// <summary>Only the 8 bytes of a header length, then <paramref name="rest"/> bytes.</summary>
    public static byte[] Length(ulong length, int rest)
    {
        byte[] file = new byte[8 + rest];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        return file;
    }

    /// <summary>One entry of a header.</summary>
    public static string Entry(string name, string shape, string offsets, string dtype = "\"F32\"") =>
        $"\"{name}\":{{\"dtype\":{dtype},\"shape\":{shape},\"data_offsets\":{offsets}}}";
}
