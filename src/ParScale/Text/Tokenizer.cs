using System.Text;
using ParScale.Text.Bpe;
using ParScale.Text.Chat;
using ParScale.Text.PreTokenizers;
using ParScale.Text.TokenizerJson;

namespace ParScale.Text;

/// <summary>
/// Byte-pair encoding from a Hugging Face <c>tokenizer.json</c>: byte-level as in GPT-2, Llama 3 and Qwen, or over characters as in
/// vocabularies that come from SentencePiece. Reading the file checks all of it; after that any text can be encoded, in time
/// linear in its length. Safe to use from several threads at once.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerDefinition _definition;
    private readonly BpeModel _model;
    private readonly AddedTokenMatcher _matchedAsGiven;
    private readonly AddedTokenMatcher _matchedNormalized;
    private readonly HashSet<int> _specialIds;
    private readonly TokenTexts _texts;
    private readonly Lazy<string> _fingerprint;

    private Tokenizer(TokenizerDefinition definition, int idLimit)
    {
        _definition = definition;
        IdLimit = idLimit;
        _specialIds = [.. definition.AddedTokens.Where(token => token.Special).Select(token => token.Id)];
        _model = new BpeModel(definition.Symbols, BuildMerges(), definition.IgnoreMerges ? FindWholeWords() : null);
        _matchedAsGiven = new AddedTokenMatcher([.. definition.AddedTokens.Where(token => !token.Normalized)]);
        _matchedNormalized = new AddedTokenMatcher(
            [.. definition.AddedTokens.Where(token => token.Normalized).Select(token => token with { Content = definition.Normalize(token.Content) })]);
        _texts = new TokenTexts(definition);
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

    /// <summary>How words begin, for people.</summary>
    internal string Kind => _definition.Symbols switch
    {
        ByteSymbols => "byte-level BPE",
        CharacterSymbols { FallsBackToBytes: true } => "BPE over characters, with bytes for the others",
        _ => "BPE over characters",
    };

    /// <summary>The strings of the tokens that control the model.</summary>
    internal string[] SpecialTokens => [.. _definition.AddedTokens.Where(token => token.Special).Select(token => token.Content)];

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
    public static Tokenizer Load(string folder, int? vocabularyRows = null) => Load(folder, vocabularyRows, Faults.Thrown)!;

    /// <summary>The same; null where faults are kept and there are some.</summary>
    internal static Tokenizer? Load(string folder, int? vocabularyRows, Faults faults)
    {
        if (TokenizerFile.Read(folder, faults) is not { } definition) return null;
        if (vocabularyRows is { } rows) definition = definition.WithRows(rows);
        return new Tokenizer(definition, vocabularyRows ?? definition.Tokens.Length);
    }

    /// <summary>The token ids of a text.</summary>
    /// <param name="text">Any text; lone surrogates count as U+FFFD.</param>
    /// <param name="parseSpecial">
    /// Whether the strings of special tokens in it stand for those tokens. Leave it false for text that users wrote: then it
    /// cannot hold control tokens.
    /// </param>
    /// <param name="addSpecial">
    /// Whether to put the tokens around it that the file's post-processor asks for, such as the begin of text, unless the text already
    /// begins with that. True for a whole prompt or document; false for a part of one, and for a prompt that a chat template has written.
    /// </param>
    /// <param name="continues">
    /// Whether the text goes on from other text, as an answer does from its prompt: vocabularies that put a space before every text leave it out.
    /// </param>
    public int[] Encode(string text, bool parseSpecial = false, bool addSpecial = false, bool continues = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>(text.Length / 3 + 8);
        string whole = TextCleaner.ReplaceLoneSurrogates(text);
        Cutting inside = CuttingOf(ids, continues: false), first = continues ? CuttingOf(ids, continues) : inside;
        var rule = new MatchRule(parseSpecial);
        _matchedAsGiven.Split(whole, rule, ids, (at, given) =>
        {
            Cutting cutting = at == 0 ? first : inside;
            bool opens = at == 0 && !continues;
            string normalized = given;
            foreach (INormalizer step in cutting.Normalizers)
            {
                opens &= step.KeepsBegin(normalized);
                normalized = step.Normalize(normalized);
            }
            _matchedNormalized.Split(normalized, rule, ids, (start, piece) => (start == 0 ? cutting : inside).Cut(piece, opens && start == 0));
        });
        if (!addSpecial) return [.. ids];
        (IReadOnlyList<int> before, IReadOnlyList<int> after) = _definition.Template;

        // A prompt that a template wrote has its begin of text; no model was trained on two of them.
        if (before.Count > 0 && ids.Take(before.Count).SequenceEqual(before)) before = [];
        return [.. before, .. ids, .. after];
    }

    /// <summary>
    /// The token ids of a chat. Strings of added tokens stand for those tokens only where every character comes from the chat's
    /// template: no message can forge a control token. Ordinary text is encoded as one, wherever its parts come from.
    /// </summary>
    /// <param name="chat">The chat, or a part of one.</param>
    /// <param name="continues">Whether it goes on from other text, as with <see cref="Encode(string, bool, bool, bool)"/>.</param>
    public int[] Encode(RenderedChat chat, bool continues = false)
    {
        ArgumentNullException.ThrowIfNull(chat);
        var ids = new List<int>(chat.Text.Length / 3 + 8);
        Cutting inside = CuttingOf(ids, continues: false), first = continues ? CuttingOf(ids, continues) : inside;
        TaggedText whole = TaggedNormalizer.Clean(chat.Tagged);
        _matchedAsGiven.Split(whole.Text, new MatchRule(MatchSpecial: true, whole), ids, (at, given) =>
        {
            Cutting cutting = at == 0 ? first : inside;
            bool opens = at == 0 && !continues;
            TaggedText normalized = whole.Slice(at, given.Length);
            foreach (INormalizer step in cutting.Normalizers)
            {
                opens &= step.KeepsBegin(normalized.Text);
                normalized = TaggedNormalizer.Normalize(normalized, step);
            }
            _matchedNormalized.Split(
                normalized.Text, new MatchRule(MatchSpecial: true, normalized), ids, (start, piece) => (start == 0 ? cutting : inside).Cut(piece, opens && start == 0));
        });
        return [.. ids];
    }

    /// <summary>
    /// The text of token ids. Bytes that are no UTF-8 become U+FFFD; ids of the vocabulary that no token has stand for nothing.
    /// </summary>
    /// <exception cref="ParScaleException">One of the ids is outside the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
    {
        var text = new StringBuilder(ids.Length * 4);
        ITokenJoiner joiner = CreateJoiner(continues: false);
        foreach (int id in ids)
            if (HasText(id, skipSpecial)) joiner.Append(id, text);
        joiner.Flush(text);
        return text.ToString();
    }

    /// <summary>Decodes ids one by one, as a model makes them.</summary>
    /// <param name="skipSpecial">Whether tokens that control the model stand for nothing.</param>
    /// <param name="continues">
    /// Whether the ids continue a text that was decoded before, as the output of a model continues its prompt. Vocabularies that put a
    /// space before every text take it off at the beginning; a continuation keeps it.
    /// </param>
    public TextStream CreateStream(bool skipSpecial = true, bool continues = false) => new(this, skipSpecial, CreateJoiner(continues), []);

    /// <summary>The same for the output of a model, with some special tokens shown as text.</summary>
    internal TextStream CreateStream(IReadOnlyCollection<int> shown) => new(this, skipSpecial: true, CreateJoiner(continues: true), shown);

    /// <summary>The id of a token as the file writes it, in the byte alphabet or with U+2581 for spaces; null when there is none.</summary>
    public int? IdOf(string token) => _definition.Ids.TryGetValue(token, out int id) ? id : null;

    /// <summary>Whether the id belongs to a token that controls the model.</summary>
    public bool IsSpecial(int id) => _specialIds.Contains(id);

    /// <summary>Whether text after these tokens goes on from theirs: a text begins after a control token, and where there are none.</summary>
    internal bool GoesOnAfter(ReadOnlySpan<int> tokens) => tokens.Length > 0 && !IsSpecial(tokens[^1]);

    /// <summary>The id of a text that is one control token, which has no text of its own in what a model writes; null when it is none.</summary>
    internal int? ControlToken(string? text) => text is not null && Encode(text, parseSpecial: true) is [int id] && IsSpecial(id) ? id : null;

    /// <summary>Signs that the file was tampered with or mixed up, one line each; empty when there are none.</summary>
    public IReadOnlyList<string> SelfTest() => TokenizerSelfTest.Run(this, _definition);

    /// <summary>Whether a folder has a tokenizer; without one a model still runs on token ids.</summary>
    internal static bool IsIn(string folder) => Path.Exists(Path.Combine(folder, TokenizerFile.FileName));

    /// <summary>The bytes a token stands for; none for an id without a token, and for a special one when those are skipped.</summary>
    internal ReadOnlySpan<byte> BytesOf(int id, bool skipSpecial) => HasText(id, skipSpecial) ? _texts.BytesOf(id) : [];

    /// <summary>Whether a token stands for text: false for an id without a token, and for a special one when those are skipped.</summary>
    /// <exception cref="ParScaleException">The id is outside the vocabulary.</exception>
    internal bool HasText(int id, bool skipSpecial)
    {
        if (id < 0 || id >= IdLimit) throw ParScaleException.Usage("TK-14", $"no token has the id {id}; ids run from 0 to {IdLimit - 1}");
        return id < _definition.Tokens.Length && _definition.Tokens[id] is not null && !(skipSpecial && IsSpecial(id));
    }

    private ITokenJoiner CreateJoiner(bool continues) =>
        _definition.Decoding is { } decoding ? new CharacterJoiner(_texts, decoding, continues) : new Utf8Joiner(_texts);

    // How a piece of text becomes words, whose tokens go to a list. Where it goes on from other text, nothing is put before it.
    private Cutting CuttingOf(List<int> ids, bool continues)
    {
        PieceHandler words = (word, _) => _model.Encode(word, ids);
        if (!continues) return new Cutting(_definition.Normalizers, CutWords(_definition.PreTokenizers, words));
        return new Cutting(
            _definition.Normalizers.Where(step => step is not PrependNormalizer),
            CutWords(_definition.PreTokenizers.Select(step => step is SpaceMarker marker ? marker with { Scheme = PrependScheme.Never } : step), words));
    }

    // Each step cuts the pieces of the one before it further; what is left at the end are the words.
    private static PieceHandler CutWords(IEnumerable<IPreTokenizer> steps, PieceHandler words)
    {
        PieceHandler cut = words;
        foreach (IPreTokenizer step in steps.Reverse())
        {
            PieceHandler next = cut;
            cut = (piece, opens) => step.Cut(piece, opens, next);
        }
        return cut;
    }

    private MergeTable BuildMerges()
    {
        var table = new MergeTable(_definition.Merges.Count);
        for (int rank = 0; rank < _definition.Merges.Count; rank++)
        {
            // Ordinary text must never merge into a control token, whatever the file says.
            (int left, int right, int id) = _definition.Merges[rank];
            if (!_specialIds.Contains(id)) table.Set(left, right, new Merge(rank, id));
        }
        return table;
    }

    // The tokens that a word may become whole: the model's own, but no control tokens.
    private Dictionary<string, int> FindWholeWords()
    {
        var words = new Dictionary<string, int>(_definition.Ids, StringComparer.Ordinal);
        foreach (AddedToken token in _definition.AddedTokens)
            if (token.Special || !token.InVocabulary) words.Remove(token.Content);
        return words;
    }

    private readonly record struct Cutting(IEnumerable<INormalizer> Normalizers, PieceHandler Cut);
}
