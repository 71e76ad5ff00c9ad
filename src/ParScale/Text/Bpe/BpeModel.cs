using System.Buffers;
using System.Text;

namespace ParScale.Text.Bpe;

/// <summary>Turns words into token ids: their bytes or characters, joined by the merges.</summary>
internal sealed class BpeModel
{
    // Clearing more than that for every word costs more than the words do.
    private const int MostOnStack = 64;

    private readonly ISymbols _symbols;
    private readonly BytePairMerger _merger;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>>? _wholeWords;
    private readonly int _longestWhole;

    /// <summary>Takes the first symbols, the merges, and the tokens that a word becomes whole; null when merges alone decide.</summary>
    public BpeModel(ISymbols symbols, MergeTable merges, Dictionary<string, int>? wholeWords)
    {
        _symbols = symbols;
        _merger = new BytePairMerger(merges);
        _wholeWords = wholeWords?.GetAlternateLookup<ReadOnlySpan<char>>();
        _longestWhole = wholeWords is null or { Count: 0 } ? 0 : wholeWords.Keys.Max(token => token.Length);
    }

    /// <summary>Appends the ids of one word, which holds no lone surrogates.</summary>
    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (_wholeWords is { } wholeWords && TryWhole(word, wholeWords, ids)) return;
        bool isShort = ISymbols.MostPerUnit * word.Length <= MostOnStack;
        int[]? rented = isShort ? null : ArrayPool<int>.Shared.Rent(Encoding.UTF8.GetByteCount(word));
        Span<int> symbols = rented ?? stackalloc int[MostOnStack];
        _merger.Merge(symbols[.._symbols.Write(word, symbols)], ids);
        if (rented is not null) ArrayPool<int>.Shared.Return(rented);
    }

    private bool TryWhole(ReadOnlySpan<char> word, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> wholeWords, List<int> ids)
    {
        // A word is spelled with at least as many letters as it has, so a longer one is no token.
        if (word.Length > _longestWhole) return false;
        int most = ISymbols.MostPerUnit * word.Length;
        Span<char> letters = most <= MostOnStack ? stackalloc char[MostOnStack] : new char[most];
        if (!wholeWords.TryGetValue(letters[.._symbols.Spell(word, letters)], out int id)) return false;
        ids.Add(id);
        return true;
    }
}
