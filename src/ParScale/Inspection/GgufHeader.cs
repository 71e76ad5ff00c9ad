using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ParScale.Files;

namespace ParScale.Inspection;

/// <summary>What the first bytes of a GGUF file tell, in which other programs keep a whole model: enough to say which model it is.</summary>
/// <param name="Version">Of the format.</param>
/// <param name="Tensors">How many tensors.</param>
/// <param name="Architecture"><c>general.architecture</c>; null when it is not among the first entries.</param>
/// <param name="Name"><c>general.name</c>; null likewise.</param>
internal sealed record GgufHeader(uint Version, ulong Tensors, string? Architecture, string? Name)
{
    private const int LengthRead = 1 << 16;
    private const int FixedBytes = 24;
    private const int TextType = 8;

    // Bytes of a value by its type; 0 for text and lists, whose length stands before them.
    private static readonly int[] TypeBytes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

    /// <summary>Reads it; null when the file is none, or cannot be read.</summary>
    public static GgufHeader? Read(string path)
    {
        try
        {
            using FileStream stream = UnwaitingOpen.Read(path);
            if (!stream.CanSeek) return null;
            var head = new byte[Math.Min(LengthRead, stream.Length)];
            stream.ReadExactly(head);
            return Parse(head);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>In words.</summary>
    public override string ToString()
    {
        string what = string.Join(", ", ((string?[])[Architecture, Name]).OfType<string>().Select(ParScaleException.Quote));
        return string.Create(CultureInfo.InvariantCulture, $"GGUF version {Version}{(what.Length > 0 ? $", {what}" : "")}, {Tensors} tensors");
    }

    private static GgufHeader? Parse(ReadOnlySpan<byte> head)
    {
        if (head.Length < FixedBytes || !head.StartsWith("GGUF"u8)) return null;
        var found = new GgufHeader(BinaryPrimitives.ReadUInt32LittleEndian(head[4..]), BinaryPrimitives.ReadUInt64LittleEndian(head[8..]), null, null);
        ulong entries = BinaryPrimitives.ReadUInt64LittleEndian(head[16..]);
        ReadOnlySpan<byte> rest = head[FixedBytes..];

        // The vocabulary, a list, comes after what is looked for; it is not walked through.
        for (ulong i = 0; i < entries && TryText(ref rest, out string key) && rest.Length >= sizeof(uint); i++)
        {
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(rest);
            rest = rest[sizeof(uint)..];
            if (type == TextType)
            {
                if (!TryText(ref rest, out string value)) break;
                if (key == "general.architecture") found = found with { Architecture = value };
                if (key == "general.name") found = found with { Name = value };
            }
            else if (type >= TypeBytes.Length || TypeBytes[type] == 0 || TypeBytes[type] > rest.Length) break;
            else rest = rest[TypeBytes[type]..];
        }
        return found;
    }

    private static bool TryText(ref ReadOnlySpan<byte> bytes, out string text)
    {
        text = "";
        if (bytes.Length < sizeof(ulong)) return false;
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (length > (ulong)(bytes.Length - sizeof(ulong))) return false;
        text = Encoding.UTF8.GetString(bytes.Slice(sizeof(ulong), (int)length));
        bytes = bytes[(sizeof(ulong) + (int)length)..];
        return true;
    }
}
