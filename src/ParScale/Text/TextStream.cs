using System.Text;

namespace ParScale.Text;

/// <summary>
/// Turns token ids into text one at a time. A character whose bytes are spread over several tokens comes out whole, with the
/// token that ends it; everything put together equals <see cref="Tokenizer.Decode"/> of all ids.
/// </summary>
public sealed class TextStream
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    internal TextStream(Tokenizer tokenizer, bool skipSpecial)
    {
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
    }

    /// <summary>The text that is complete with this token; empty while a character is still missing bytes.</summary>
    /// <exception cref="ParScaleException">The id is outside the vocabulary. The stream is as it was before.</exception>
    public string Append(int id) => Decode(_tokenizer.BytesOf(id, _skipSpecial), flush: false);

    /// <summary>Ends the text: U+FFFD for a character whose last bytes never came, else nothing. The stream can be used again.</summary>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = new char[_decoder.GetCharCount(bytes, flush)];
        int count = _decoder.GetChars(bytes, characters, flush);
        return new string(characters, 0, count);
    }
}
