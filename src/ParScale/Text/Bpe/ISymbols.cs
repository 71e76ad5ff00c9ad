namespace ParScale.Text.Bpe;

/// <summary>The ids with which the merges of a word begin: one for each byte or each character.</summary>
internal interface ISymbols
{
    /// <summary>An upper bound of the symbols or letters that one UTF-16 unit becomes.</summary>
    const int MostPerUnit = 3;

    /// <summary>Writes the symbols of a word and returns how many they are.</summary>
    /// <param name="word">Text without lone surrogates.</param>
    /// <param name="symbols">Room for as many symbols as the word has bytes in UTF-8.</param>
    int Write(ReadOnlySpan<char> word, Span<int> symbols);

    /// <summary>Writes the word as the vocabulary spells it and returns how many letters that are.</summary>
    /// <param name="word">Text without lone surrogates.</param>
    /// <param name="letters">Room for <see cref="MostPerUnit"/> letters per UTF-16 unit of the word.</param>
    int Spell(ReadOnlySpan<char> word, Span<char> letters);

    /// <summary>The id that stands for what has no token; null when everything has one.</summary>
    int? UnknownId { get; }

    /// <summary>Whether a run of what has no token becomes a single unknown token.</summary>
    bool FusesUnknown { get; }
}
