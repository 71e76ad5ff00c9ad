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

    /// <summary>Takes the vocabulary and what stands for characters outside it.</summary>
    /// <param name="ids">Ids by token.</param>
    /// <param name="idOfByte">The id of each byte's token, -1 where it has none; null when bytes stand for nothing.</param>
    /// <param name="unknownId">The id of the unknown token; null when every character has an id without it.</param>
    /// <param name="fuse">Whether a run of unknown characters becomes a single unknown token.</param>
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

    /// <summary>Whether characters without a token become their bytes.</summary>
    public bool FallsBackToBytes => _idOfByte is not null;

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
        int count = 0;
        bool isWaiting = false;
        foreach (Rune character in word.EnumerateRunes())
        {
            if (_ids.TryGetValue(character, out int id))
            {
                if (isWaiting) symbols[count++] = Unknown;
                isWaiting = false;
                symbols[count++] = id;
            }
            else if (!TryWriteBytes(character, symbols, ref count))
            {
                // The unknown token waits for the next known character, behind bytes too, as in the reference implementation.
                if (isWaiting && !FusesUnknown) symbols[count++] = Unknown;
                isWaiting = true;
            }
        }
        if (isWaiting) symbols[count++] = Unknown;
        return count;
    }

    public int Spell(ReadOnlySpan<char> word, Span<char> letters)
    {
        word.CopyTo(letters);
        return word.Length;
    }

    private int Unknown => UnknownId ?? throw new InvalidOperationException("A character has no id.");

    private bool TryWriteBytes(Rune character, Span<int> symbols, ref int count)
    {
        if (_idOfByte is null) return false;
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..character.EncodeToUtf8(bytes)];
        foreach (byte value in bytes)
            if (_idOfByte[value] < 0) return false;
        foreach (byte value in bytes) symbols[count++] = _idOfByte[value];
        return true;
    }
}
