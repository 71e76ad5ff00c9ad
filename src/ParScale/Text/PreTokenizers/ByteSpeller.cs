using System.Text;
using ParScale.Text.Bpe;

namespace ParScale.Text.PreTokenizers;

/// <summary>
/// Writes text in the byte alphabet, for steps that cut it after that: they see letters where the text had bytes, so a byte of a
/// character may count as a digit. Source: Falcon's tokenizers.
/// </summary>
internal sealed record ByteSpeller : IPreTokenizer
{
    public void Cut(ReadOnlySpan<char> text, bool opens, PieceHandler next)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        char[] letters = new char[bytes.Length];
        for (int i = 0; i < bytes.Length; i++) letters[i] = ByteAlphabet.ToChar(bytes[i]);
        next(letters, opens);
    }
}
