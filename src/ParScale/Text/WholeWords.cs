namespace ParScale.Text;

/// <summary>Finds words that are tokens by themselves, for vocabularies that take such a word whole and merge only the others.</summary>
internal sealed class WholeWords
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly HashSet<int> _excluded;
    private readonly int _longest;

    /// <summary>Takes all tokens, in the byte alphabet, and the ids of those that no word may become.</summary>
    public WholeWords(Dictionary<string, int> ids, HashSet<int> excluded)
    {
        _excluded = excluded;
        _ids = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _longest = ids.Keys.Max(token => token.Length);
    }

    /// <summary>Appends the id of the word if it is a token.</summary>
    public bool TryEncode(ReadOnlySpan<byte> word, List<int> ids)
    {
        const int LongestOnStack = 256;
        if (word.Length > _longest) return false;
        Span<char> letters = word.Length <= LongestOnStack ? stackalloc char[LongestOnStack] : new char[word.Length];
        for (int i = 0; i < word.Length; i++) letters[i] = ByteAlphabet.ToChar(word[i]);
        if (!_ids.TryGetValue(letters[..word.Length], out int id) || _excluded.Contains(id)) return false;
        ids.Add(id);
        return true;
    }
}
