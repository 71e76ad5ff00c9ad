using System.Text;
using ParScale.Text.Bpe;

namespace ParScale.Text;

/// <summary>What each token stands for: bytes, which together are the text.</summary>
internal sealed class TokenTexts
{
    private readonly string?[] _tokens;
    private readonly byte[]?[] _bytes;
    private readonly HashSet<int> _plain;

    /// <summary>Takes the tokens and how they are decoded.</summary>
    public TokenTexts(TokenizerDefinition definition)
    {
        _tokens = [.. definition.Tokens];
        _bytes = new byte[]?[_tokens.Length];
        Decoding = definition.Decoding;

        // An added token stands for itself, even if its letters are letters of the byte alphabet; but what words can become stands
        // for the bytes of the word.
        IEnumerable<int> ordinary = definition.Merges.Select(merge => merge.Id).Concat((definition.Symbols as ByteSymbols)?.Ids ?? []);
        _plain = [.. definition.AddedTokens.Select(token => token.Id).Except(ordinary)];

        // One that is found in normalized text stands for what was found, such as the space that a normalizer puts before it.
        foreach (AddedToken token in definition.AddedTokens.Where(token => token.Normalized && _plain.Contains(token.Id)))
            _tokens[token.Id] = definition.Normalize(token.Content);
    }

    /// <summary>How the tokens of a vocabulary of characters become text; null for the byte alphabet.</summary>
    public TokenDecoding? Decoding { get; }

    /// <summary>The bytes of a token; none for an id that no token has.</summary>
    public ReadOnlySpan<byte> BytesOf(int id)
    {
        if (id >= _tokens.Length || _tokens[id] is not { } token) return [];
        return _bytes[id] ??= Decode(id, token);
    }

    /// <summary>Whether a token stands for a single byte of a character that has no token.</summary>
    public bool IsByte(int id) => Decoding is { HasBytes: true } && id < _tokens.Length && _tokens[id] is { } token && CharacterSymbols.ByteOf(token) is not null;

    /// <summary>The text of a token of a vocabulary of characters, less a character that is left out of it.</summary>
    public string TextOf(int id, char? without)
    {
        if (Decoding is null || id >= _tokens.Length || _tokens[id] is not { } token) return "";
        if (without is { } dropped) token = token.Replace($"{dropped}", "", StringComparison.Ordinal);
        foreach ((string pattern, string content) in Decoding.Replacements) token = token.Replace(pattern, content, StringComparison.Ordinal);
        return token;
    }

    private byte[] Decode(int id, string token)
    {
        if (Decoding is null) return _plain.Contains(id) ? Encoding.UTF8.GetBytes(token) : ByteAlphabet.ToBytes(token);
        byte? value = Decoding.HasBytes ? CharacterSymbols.ByteOf(token) : null;
        return value is { } single ? [single] : Encoding.UTF8.GetBytes(TextOf(id, without: null));
    }
}
