using System.Text;

namespace ParScale.Text.Bpe;

/// <summary>
/// The byte alphabet of byte-level tokenizers: each byte is written as one printable character. Printable Latin-1 bytes
/// stand for themselves; the 68 others take U+0100 upwards in byte order. Source: GPT-2's vocabulary format.
/// </summary>
internal static class ByteAlphabet
{
    private const int FirstStandIn = 0x100;

    private static readonly char[] CharOfByte = BuildChars();
    private static readonly short[] ByteOfChar = BuildBytes();

    /// <summary>The character that stands for a byte in token strings.</summary>
    public static char ToChar(byte value) => CharOfByte[value];

    /// <summary>The byte that a character of the alphabet stands for.</summary>
    public static byte ToByte(char letter) => (byte)ByteOfChar[letter];

    /// <summary>Whether a token string is that of one byte.</summary>
    public static bool IsByte(string token) => token.Length == 1 && token[0] < ByteOfChar.Length && ByteOfChar[token[0]] >= 0;

    /// <summary>
    /// The bytes a token string stands for. A string with any character outside the alphabet stands for its own UTF-8,
    /// whole, as in the reference implementation's decoder.
    /// </summary>
    public static byte[] ToBytes(string token)
    {
        var bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            char c = token[i];
            if (c >= ByteOfChar.Length || ByteOfChar[c] < 0) return Encoding.UTF8.GetBytes(token);
            bytes[i] = (byte)ByteOfChar[c];
        }
        return bytes;
    }

    private static char[] BuildChars()
    {
        var chars = new char[256];
        int standIn = FirstStandIn;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            chars[value] = (char)(printable ? value : standIn++);
        }
        return chars;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[CharOfByte.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (short value = 0; value < 256; value++) bytes[CharOfByte[value]] = value;
        return bytes;
    }
}
