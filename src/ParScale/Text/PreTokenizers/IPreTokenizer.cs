namespace ParScale.Text.PreTokenizers;

/// <summary>Takes a piece of text that is about to be cut further or encoded.</summary>
/// <param name="piece">The piece.</param>
/// <param name="opens">Whether the whole text that is encoded begins with it.</param>
internal delegate void PieceHandler(ReadOnlySpan<char> piece, bool opens);

/// <summary>One step of cutting text into the words that are merged on their own.</summary>
internal interface IPreTokenizer
{
    /// <summary>Gives the pieces of a text to <paramref name="next"/>, in order; none of them is empty.</summary>
    /// <param name="text">Text that is not empty and holds no lone surrogates.</param>
    /// <param name="opens">Whether the whole text that is encoded begins with it.</param>
    /// <param name="next">Receives the pieces.</param>
    void Cut(ReadOnlySpan<char> text, bool opens, PieceHandler next);
}

/// <summary>Where a mark is put before text that does not begin with it.</summary>
internal enum PrependScheme
{
    /// <summary>Nowhere.</summary>
    Never,

    /// <summary>At the beginning of the whole text.</summary>
    First,

    /// <summary>Before every piece.</summary>
    Always,
}

/// <summary>Writes spaces as a mark and puts one before the text: a space itself for GPT-2, U+2581 for SentencePiece.</summary>
/// <param name="Mark">What stands for a space.</param>
/// <param name="Scheme">Where a mark is added.</param>
internal sealed record SpaceMarker(char Mark, PrependScheme Scheme) : IPreTokenizer
{
    public void Cut(ReadOnlySpan<char> text, bool opens, PieceHandler next)
    {
        bool prepends = Scheme == PrependScheme.Always || (Scheme == PrependScheme.First && opens);
        prepends &= text[0] != Mark && text[0] != ' ';
        if (!prepends && (Mark == ' ' || !text.Contains(' ')))
        {
            next(text, opens);
            return;
        }
        var marked = new char[text.Length + (prepends ? 1 : 0)];
        marked[0] = Mark;
        text.Replace(marked.AsSpan(prepends ? 1 : 0), ' ', Mark);
        next(marked, opens);
    }
}
