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
    private readonly IReadOnlyCollection<int> _shown;
    private readonly ITokenJoiner _joiner;
    private readonly StringBuilder _text = new();

    internal TextStream(Tokenizer tokenizer, bool skipSpecial, ITokenJoiner joiner, IReadOnlyCollection<int> shown)
    {
        _tokenizer = tokenizer;
        _skipSpecial = skipSpecial;
        _shown = shown;
        _joiner = joiner;
    }

    /// <summary>The text that is complete with this token; empty while a character is still missing bytes.</summary>
    /// <exception cref="ParScaleException">The id is outside the vocabulary. The stream is as it was before.</exception>
    public string Append(int id)
    {
        if (_tokenizer.HasText(id, _skipSpecial && !_shown.Contains(id))) _joiner.Append(id, _text);
        return Take();
    }

    /// <summary>Ends the text: U+FFFD for a character whose last bytes never came, else nothing. The stream can be used again.</summary>
    public string Flush()
    {
        _joiner.Flush(_text);
        return Take();
    }

    private string Take()
    {
        string text = _text.ToString();
        _text.Clear();
        return text;
    }
}
