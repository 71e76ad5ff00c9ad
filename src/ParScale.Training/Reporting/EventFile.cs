using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;
using Tensorboard;

namespace ParScale.Training.Reporting;

/// <summary>
/// The file that TensorBoard reads: records of length (8 bytes), checksum of the length (4), event, checksum of the event (4), little
/// endian; a checksum is CRC-32C, rotated and shifted so that one of a text that holds a checksum is still worth something. TorchSharp has a
/// writer too, but it dates every event to 1970 or to a float32, cannot go on after a resume, and opens the file for each number.
/// </summary>
internal static class EventFile
{
    private const int LengthBytes = 8;
    private const int ChecksumBytes = 4;
    private const int LargestEvent = 1 << 24;

    /// <summary>Adds one record at the end.</summary>
    public static void Append(Stream file, Event record)
    {
        byte[] content = record.ToByteArray();
        byte[] framed = new byte[LengthBytes + ChecksumBytes + content.Length + ChecksumBytes];
        BinaryPrimitives.WriteInt64LittleEndian(framed, content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(framed.AsSpan(LengthBytes), Checksum(framed.AsSpan(0, LengthBytes)));
        content.CopyTo(framed, LengthBytes + ChecksumBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(framed.AsSpan(framed.Length - ChecksumBytes), Checksum(content));
        // In one piece: a reader that follows the file never sees half a record for long.
        file.Write(framed);
    }

    /// <summary>The records up to the first that is damaged or cut short, as a kill may leave the last.</summary>
    public static IEnumerable<Event> Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] head = new byte[LengthBytes + ChecksumBytes];
        while (file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length)
        {
            long length = BinaryPrimitives.ReadInt64LittleEndian(head);
            if (!Matches(head.AsSpan(0, LengthBytes), head.AsSpan(LengthBytes)) || length is < 0 or > LargestEvent) yield break;
            byte[] body = new byte[length + ChecksumBytes];
            if (file.ReadAtLeast(body, body.Length, throwOnEndOfStream: false) < body.Length) yield break;
            if (!Matches(body.AsSpan(0, (int)length), body.AsSpan((int)length))) yield break;
            yield return Event.Parser.ParseFrom(body, 0, (int)length);
        }
    }

    private static bool Matches(ReadOnlySpan<byte> content, ReadOnlySpan<byte> checksum) =>
        Checksum(content) == BinaryPrimitives.ReadUInt32LittleEndian(checksum);

    private static uint Checksum(ReadOnlySpan<byte> content)
    {
        const uint Shift = 0xa282ead8;
        uint crc = uint.MaxValue;
        foreach (byte value in content) crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + Shift;
    }
}
