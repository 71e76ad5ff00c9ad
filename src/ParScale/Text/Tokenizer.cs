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
    private readonly WholeWords? _wholeWords;
    private readonly HashSet<int> _addedIds;
    private readonly AddedTokenMatcher _matchedAsGiven;
    private readonly AddedTokenMatcher _matchedNormalized;
    private readonly HashSet<int> _specialIds;
    private readonly byte[]?[] _bytes;
    private readonly Lazy<string> _fingerprint;

    private Tokenizer(TokenizerDefinition definition, int idLimit)
    {
        _definition = definition;
        IdLimit = idLimit;
        _specialIds = [.. definition.AddedTokens.Where(token => token.Special).Select(token => token.Id)];
        _addedIds = [.. definition.AddedTokens.Select(token => token.Id).Except(OrdinaryIds(definition))];
        _wholeWords = definition.IgnoreMerges ? new WholeWords(definition.Ids, [.. definition.AddedTokens.Where(token => token.Special || !token.InVocabulary).Select(token => token.Id)]) : null;
        _merger = new BytePairMerger(definition.Bytes.Ids, BuildMerges(definition, _specialIds));
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

    /// <summary>What the file asks for and does not get, one line each.</summary>
    public IReadOnlyList<string> Notices => _definition.Notices;

    /// <summary>Ids from here on are refused; those below that have no token stand for no text.</summary>
    internal int IdLimit { get; }

    /// <summary>Reads <c>tokenizer.json</c> from a model's folder.</summary>
    /// <param name="folder">The folder that holds the file.</param>
    /// <param name="vocabularyRows">
    /// Rows of the model's embedding: no token may have a higher id, and any id below decodes, because a model may choose a row
    /// that only pads the embedding. Null when there is no model: then ids end with the highest token.
    /// </param>
    /// <exception cref="ParScaleException">
    /// The file is missing, malformed, asks for something this version does not do, or has a token beyond the embedding.
    /// </exception>
    public static Tokenizer Load(string folder, int? vocabularyRows = null)
    {
        TokenizerDefinition definition = TokenizerFile.Read(folder);
        int ids = definition.Tokens.Length;
        if (vocabularyRows is not { } rows || ids <= rows) return new Tokenizer(definition, vocabularyRows ?? ids);
        string token = ParScaleException.Quote(definition.Tokens[^1] ?? "");
        throw ParScaleException.BadInput("TK-05", definition.File,
            $"token {token}: has the id {ids - 1}, but the embedding has {rows} rows; use the model's own tokenizer");
    }

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

    /// <summary>
    /// The text of token ids. Bytes that are no UTF-8 become U+FFFD, one for each longest beginning of a character; ids of the
    /// vocabulary that no token has stand for nothing.
    /// </summary>
    /// <exception cref="ParScaleException">One of the ids is outside the vocabulary.</exception>
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

    /// <summary>Signs that the file was tampered with or mixed up, one line each; empty when there are none.</summary>
    public IReadOnlyList<string> SelfTest() => TokenizerSelfTest.Run(this, _definition);

    /// <summary>Whether a folder has a tokenizer; without one a model still runs on token ids.</summary>
    internal static bool IsIn(string folder) => Path.Exists(Path.Combine(folder, TokenizerFile.FileName));

    /// <summary>The bytes a token stands for; none for an id without a token, and for a special one when those are skipped.</summary>
    internal ReadOnlySpan<byte> BytesOf(int id, bool skipSpecial)
    {
        if (id < 0 || id >= IdLimit) throw ParScaleException.Usage("TK-14", $"no token has the id {id}; ids run from 0 to {IdLimit - 1}");
        if (id >= _bytes.Length || _definition.Tokens[id] is not { } token || (skipSpecial && IsSpecial(id))) return [];
        return _bytes[id] ??= _addedIds.Contains(id) ? Encoding.UTF8.GetBytes(token) : ByteAlphabet.ToBytes(token);
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
            if (_wholeWords?.TryEncode(bytes, ids) != true) _merger.Encode(_definition.Bytes.Fuse(bytes), ids);
            start += length;
        }
    }

    // Those that ordinary text can become: an added token that is also one of them stands for the bytes, so that text comes back.
    private static IEnumerable<int> OrdinaryIds(TokenizerDefinition definition) =>
        definition.Merges.Select(merge => merge.Id).Concat(definition.Bytes.Ids);

    private AddedToken Normalize(AddedToken token) =>
        _definition.ComposeText ? token with { Content = TextCleaner.Compose(token.Content) } : token;

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
