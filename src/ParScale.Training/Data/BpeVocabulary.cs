namespace ParScale.Training.Data;

/// <summary>The tokens of a byte-level BPE in the order of their ids, and the merges that made them.</summary>
internal sealed class BpeVocabulary(IEnumerable<string> alphabet)
{
    private readonly List<string> _tokens = [.. alphabet];
    private readonly List<(string Left, string Right)> _merges = [];

    public IReadOnlyList<string> Tokens => _tokens;

    public IReadOnlyList<(string Left, string Right)> Merges => _merges;

    /// <summary>Adds the token that joins two others; returns its id.</summary>
    public int Add(int left, int right)
    {
        _merges.Add((_tokens[left], _tokens[right]));
        _tokens.Add(_tokens[left] + _tokens[right]);
        return _tokens.Count - 1;
    }
}
