using System.Text;

namespace ParScale.Text;

/// <summary>Puts the text of tokens together, one token at a time.</summary>
internal interface ITokenJoiner
{
    /// <summary>Adds the text that is complete with this token.</summary>
    void Append(int id, StringBuilder text);

    /// <summary>Ends the text: adds what stands for bytes that never became a character. The next token begins another text.</summary>
    void Flush(StringBuilder text);
}

/// <summary>For the byte alphabet: the tokens' bytes one after the other are UTF-8, and what is not becomes U+FFFD.</summary>
internal sealed class Utf8Joiner(TokenTexts texts) : ITokenJoiner
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    public void Append(int id, StringBuilder text) => Decode(texts.BytesOf(id), flush: false, text);

    public void Flush(StringBuilder text) => Decode([], flush: true, text);

    private void Decode(ReadOnlySpan<byte> bytes, bool flush, StringBuilder text)
    {
        const int Most = 256;
        Span<char> characters = stackalloc char[Most];
        for (bool done = false; !done;)
        {
            _decoder.Convert(bytes, characters, flush, out int used, out int count, out done);
            text.Append(characters[..count]);
            bytes = bytes[used..];
        }
    }
}

/// <summary>
/// For vocabularies of characters: tokens are text, but those of bytes are one character together. A run of byte tokens that is no
/// UTF-8 becomes one U+FFFD for each of them, as in the reference implementation, so a run is not decoded before it ends.
/// </summary>
/// <param name="texts">What the tokens stand for.</param>
/// <param name="decoding">How they become text.</param>
/// <param name="continues">Whether text comes before, so that the first token is not the beginning of it.</param>
internal sealed class CharacterJoiner(TokenTexts texts, TokenDecoding decoding, bool continues) : ITokenJoiner
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly List<byte> _bytes = [];
    private bool _first = !continues;
    private int _toStrip = continues ? 0 : decoding.StripCount;

    public void Append(int id, StringBuilder text)
    {
        if (texts.IsByte(id))
        {
            _bytes.AddRange(texts.BytesOf(id));
        }
        else
        {
            AddBytes(text);
            Add(texts.TextOf(id, _first ? decoding.DroppedFromFirst : null), text);
        }
        _first = false;
    }

    public void Flush(StringBuilder text)
    {
        AddBytes(text);
        _first = !continues;
        _toStrip = continues ? 0 : decoding.StripCount;
    }

    private void AddBytes(StringBuilder text)
    {
        if (_bytes.Count == 0) return;
        byte[] bytes = [.. _bytes];
        _bytes.Clear();
        string decoded;
        try
        {
            decoded = Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            decoded = new string('\uFFFD', bytes.Length);
        }
        Add(decoded, text);
    }

    private void Add(string piece, StringBuilder text)
    {
        int start = 0;
        while (_toStrip > 0 && start < piece.Length)
        {
            if (piece[start] == decoding.Stripped) (start, _toStrip) = (start + 1, _toStrip - 1);
            else _toStrip = 0;
        }
        text.Append(piece, start, piece.Length - start);
    }
}
