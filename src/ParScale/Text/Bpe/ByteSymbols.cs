using System.Buffers;
using System.Text;

namespace ParScale.Text.Bpe;

/// <summary>Words begin as their UTF-8 bytes, each written as one letter of the byte alphabet: byte-level BPE, as GPT-2 does it.</summary>
internal sealed class ByteSymbols : ISymbols
{
    private const int LongestOnStack = 256;
    private readonly SearchValues<byte>? _fused;
    private readonly bool _isSpelled;

    /// <summary>Takes the ids of the 256 bytes, and the bytes that have no token of their own.</summary>
    /// <param name="ids">The id of each byte; that of the unknown token where a byte has none, and -1 where no text has that byte.</param>
    /// <param name="missing">The bytes without a token.</param>
    /// <param name="unknownId">The id of the unknown token; null when no byte is missing.</param>
    /// <param name="fuse">Whether a run of missing bytes becomes a single unknown token.</param>
    /// <param name="isSpelled">Whether words come in the letters of the byte alphabet.</param>
    public ByteSymbols(int[] ids, byte[] missing, int? unknownId, bool fuse, bool isSpelled)
    {
        Ids = ids;
        _isSpelled = isSpelled;
        Missing = missing.Length;
        UnknownId = unknownId;
        _fused = fuse && missing.Length > 0 ? SearchValues.Create(missing) : null;
    }

    /// <summary>The id of each of the 256 bytes; that of the unknown token where a byte has none, and -1 where no text has that byte.</summary>
    public int[] Ids { get; }

    /// <summary>How many bytes have no token of their own.</summary>
    public int Missing { get; }

    public int? UnknownId { get; }

    public bool FusesUnknown => _fused is not null;

    public int Write(ReadOnlySpan<char> word, Span<int> symbols)
    {
        if (_fused is null && !_isSpelled && TryWriteAscii(word, symbols)) return word.Length;
        int count = _isSpelled ? word.Length : Encoding.UTF8.GetByteCount(word);
        Span<byte> bytes = count <= LongestOnStack ? stackalloc byte[LongestOnStack] : new byte[count];
        bytes = bytes[..count];
        if (!_isSpelled) Encoding.UTF8.GetBytes(word, bytes);
        else for (int i = 0; i < count; i++) bytes[i] = ByteAlphabet.ToByte(word[i]);
        if (_fused is not null) bytes = Fuse(bytes, _fused);
        for (int i = 0; i < bytes.Length; i++) symbols[i] = Ids[bytes[i]];
        return bytes.Length;
    }

    public int Spell(ReadOnlySpan<char> word, Span<char> letters)
    {
        if (_isSpelled)
        {
            word.CopyTo(letters);
            return word.Length;
        }
        int count = 0;
        Span<byte> bytes = stackalloc byte[4];
        foreach (Rune character in word.EnumerateRunes())
        {
            int length = character.EncodeToUtf8(bytes);
            for (int i = 0; i < length; i++) letters[count++] = ByteAlphabet.ToChar(bytes[i]);
        }
        return count;
    }

    private bool TryWriteAscii(ReadOnlySpan<char> word, Span<int> symbols)
    {
        for (int i = 0; i < word.Length; i++)
        {
            if (!char.IsAscii(word[i])) return false;
            symbols[i] = Ids[word[i]];
        }
        return true;
    }

    // Drops, in place, every byte that would only lengthen a run of unknown ones.
    private static Span<byte> Fuse(Span<byte> word, SearchValues<byte> missing)
    {
        if (!word.ContainsAny(missing)) return word;
        int kept = 1;
        for (int i = 1; i < word.Length; i++)
            if (!missing.Contains(word[i]) || !missing.Contains(word[kept - 1])) word[kept++] = word[i];
        return word[..kept];
    }
}
