using System.Text;

namespace ParScale.Text;

/// <summary>
/// Byte-level byte-pair encoding from a Hugging Face <c>tokenizer.json</c>. Reading it checks all of it; after that any text can
/// be encoded, in time linear in its length. Safe to use from several threads at once.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerDefinition _definition;
    private readonly BytePairMerger _merger;
    private readonly AddedTokenMatcher _matchedAsGiven;
    private readonly AddedTokenMatcher _matchedNormalized;
    private readonly HashSet<int> _specialIds;
    private readonly byte[]?[] _bytes;
    private readonly Lazy<string> _fingerprint;

    private Tokenizer(TokenizerDefinition definition)
    {
        _definition = definition;
        _specialIds = [.. definition.AddedTokens.Where(token => token.Special).Select(token => token.Id)];
        _merger = new BytePairMerger(IdsOfBytes(definition), BuildMerges(definition, _specialIds));
        _matchedAsGiven = new AddedTokenMatcher([.. definition.AddedTokens.Where(token => !token.Normalized)]);
        _matchedNormalized = new AddedTokenMatcher([.. definition.AddedTokens.Where(token => token.Normalized).Select(Normalize)]);
        _bytes = new byte[]?[definition.Tokens.Length];
        _fingerprint = new Lazy<string>(() => TokenizerFingerprint.Of(definition));
    }

    /// <summary>The highest token id plus one; ids below it may still be unused.</summary>
    public int VocabularySize => _definition.Tokens.Length;

    /// <summary>
    /// SHA-256 in hexadecimal over vocabulary, merges, added tokens and splitting rules: tokenizers with the same fingerprint give
    /// every text the same ids.
    /// </summary>
    public string Fingerprint => _fingerprint.Value;

    /// <summary>Reads <c>tokenizer.json</c> from a model's folder.</summary>
    /// <exception cref="ParScaleException">The file is missing, malformed, or asks for something this version does not do.</exception>
    public static Tokenizer Load(string folder) => new(TokenizerFile.Read(folder));

    /// <summary>The token ids of a text.</summary>
    /// <param name="text">Any text; lone surrogates count as U+FFFD.</param>
    /// <param name="parseSpecial">
    /// Whether the strings of special tokens in it stand for those tokens. Leave it false for text that users wrote: then it
    /// cannot hold control tokens.
    /// </param>
    public int[] Encode(string text, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>(text.Length / 3 + 8);
        string whole = TextCleaner.ReplaceLoneSurrogates(text);
        _matchedAsGiven.Split(whole, parseSpecial, ids, plain =>
        {
            string normalized = _definition.ComposeText ? TextCleaner.Compose(plain) : plain;
            _matchedNormalized.Split(normalized, parseSpecial, ids, words => EncodeWords(words, ids));
        });
        return [.. ids];
    }

    /// <summary>The text of token ids. Bytes that are no UTF-8 become U+FFFD, one for each longest beginning of a character.</summary>
    /// <exception cref="ParScaleException">One of the ids belongs to no token.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
    {
        var bytes = new List<byte>(ids.Length * 4);
        foreach (int id in ids) bytes.AddRange(BytesOf(id, skipSpecial));
        return Encoding.UTF8.GetString([.. bytes]);
    }

    /// <summary>Decodes ids one by one, as a model makes them.</summary>
    public TextStream CreateStream(bool skipSpecial = true) => new(this, skipSpecial);

    /// <summary>The id of a token as the file writes it, in the byte alphabet; null when there is none.</summary>
    public int? IdOf(string token) => _definition.Ids.TryGetValue(token, out int id) ? id : null;

    /// <summary>Whether the id belongs to a token that controls the model.</summary>
    public bool IsSpecial(int id) => _specialIds.Contains(id);

    /// <summary>Refuses to go with a model whose embedding has too few rows for this tokenizer's ids.</summary>
    /// <exception cref="ParScaleException">A token's id is <paramref name="vocabularyRows"/> or more.</exception>
    public void CheckFits(int vocabularyRows)
    {
        if (VocabularySize <= vocabularyRows) return;
        string token = ParScaleException.Quote(_definition.Tokens[^1] ?? "");
        throw ParScaleException.BadInput(
            "TK-05",
            _definition.File,
            $"token {token}: has the id {VocabularySize - 1}, but the embedding has {vocabularyRows} rows; use the model's own tokenizer");
    }

    /// <summary>Signs that the file was tampered with or mixed up, one line each; empty when there are none.</summary>
    public IReadOnlyList<string> SelfTest() => TokenizerSelfTest.Run(this, _definition);

    /// <summary>Whether a folder has a tokenizer; without one a model still runs on token ids.</summary>
    internal static bool IsIn(string folder) => File.Exists(Path.Combine(folder, TokenizerFile.FileName));

    /// <summary>Whether an id has a token. A model's embedding may have more rows than its tokenizer has tokens.</summary>
    internal bool HasToken(int id) => id >= 0 && id < _bytes.Length && _definition.Tokens[id] is not null;

    /// <summary>The bytes a token stands for; none for a special one when those are skipped.</summary>
    internal ReadOnlySpan<byte> BytesOf(int id, bool skipSpecial)
    {
        string? token = id >= 0 && id < _bytes.Length ? _definition.Tokens[id] : null;
        if (token is null) throw ParScaleException.Usage("TK-14", $"no token has the id {id}; ids run from 0 to {VocabularySize - 1}");
        if (skipSpecial && IsSpecial(id)) return [];
        return _bytes[id] ??= ByteAlphabet.ToBytes(token);
    }

    private void EncodeWords(string text, List<int> ids)
    {
        if (_definition.AddPrefixSpace && text[0] != ' ') text = " " + text;
        Span<byte> small = stackalloc byte[256];
        for (int start = 0; start < text.Length;)
        {
            int length = WordSplitter.NextWord(text, start, _definition.Split);
            ReadOnlySpan<char> word = text.AsSpan(start, length);
            int count = Encoding.UTF8.GetByteCount(word);
            Span<byte> bytes = count <= small.Length ? small[..count] : new byte[count];
            Encoding.UTF8.GetBytes(word, bytes);
            _merger.Encode(bytes, ids);
            start += length;
        }
    }

    private AddedToken Normalize(AddedToken token) =>
        _definition.ComposeText ? token with { Content = TextCleaner.Compose(token.Content) } : token;

    private static int[] IdsOfBytes(TokenizerDefinition definition) =>
        [.. Enumerable.Range(0, 256).Select(value => definition.Ids[ByteAlphabet.ToChar((byte)value).ToString()])];

    private static MergeTable BuildMerges(TokenizerDefinition definition, HashSet<int> specialIds)
    {
        var table = new MergeTable(definition.Merges.Count);
        for (int rank = 0; rank < definition.Merges.Count; rank++)
        {
            // Ordinary text must never merge into a control token, whatever the file says.
            (int left, int right, int id) = definition.Merges[rank];
            if (!specialIds.Contains(id)) table.Set(left, right, new Merge(rank, id));
        }
        return table;
    }
}
