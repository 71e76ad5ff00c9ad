using System.Text;

namespace ParScale.Text.Bpe;

/// <summary>
/// Words begin as their characters, as in vocabularies that come from SentencePiece. A character without a token becomes the
/// tokens of its UTF-8 bytes, or the unknown token.
/// </summary>
internal sealed class CharacterSymbols : ISymbols
{
    private readonly Dictionary<Rune, int> _ids = [];
    private readonly int[]? _idOfByte;

    /// <summary>Takes the vocabulary and what stands for characters outside it: the 256 byte tokens, or else the unknown token.</summary>
    public CharacterSymbols(Dictionary<string, int> ids, int[]? idOfByte, int? unknownId, bool fuse)
    {
        foreach ((string token, int id) in ids)
            if (IsCharacter(token)) _ids[Rune.GetRuneAt(token, 0)] = id;
        _idOfByte = idOfByte;
        UnknownId = unknownId;
        FusesUnknown = fuse;
    }

    public int? UnknownId { get; }

    public bool FusesUnknown { get; }

    /// <summary>Whether a token is that of one character.</summary>
    public static bool IsCharacter(string token) =>
        Rune.DecodeFromUtf16(token, out _, out int length) == System.Buffers.OperationStatus.Done && length == token.Length;

    /// <summary>The token of a byte, such as <c>&lt;0x0A&gt;</c>.</summary>
    public static string ByteToken(byte value) => $"<0x{value:X2}>";

    /// <summary>The byte that a token such as <c>&lt;0x0A&gt;</c> stands for; null for any other token.</summary>
    public static byte? ByteOf(string token)
    {
        const int Length = 6;
        bool isByte = token.Length == Length && token.StartsWith("<0x", StringComparison.Ordinal) && token[^1] == '>'
            && char.IsAsciiHexDigit(token[3]) && char.IsAsciiHexDigit(token[4]);
        return isByte ? Convert.ToByte(token[3..5], 16) : null;
    }

    public int Write(ReadOnlySpan<char> word, Span<int> symbols)
    {
        Span<byte> bytes = stackalloc byte[4];
        int count = 0;
        bool inUnknown = false;
        foreach (Rune character in word.EnumerateRunes())
        {
            bool isUnknown = false;
            if (_ids.TryGetValue(character, out int id))
            {
                symbols[count++] = id;
            }
            else if (_idOfByte is not null)
            {
                int length = character.EncodeToUtf8(bytes);
                for (int i = 0; i < length; i++) symbols[count++] = _idOfByte[bytes[i]];
            }
            else
            {
                isUnknown = true;
                if (!inUnknown || !FusesUnknown) symbols[count++] = UnknownId ?? throw new InvalidOperationException("A character has no id.");
            }
            inUnknown = isUnknown;
        }
        return count;
    }

    public int Spell(ReadOnlySpan<char> word, Span<char> letters)
    {
        word.CopyTo(letters);
        return word.Length;
    }
}
