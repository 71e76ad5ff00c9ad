using ParScale.Text.Bpe;
using ParScale.Text.PreTokenizers;

namespace ParScale.Text;

/// <summary>Everything a tokenizer file says, checked.</summary>
internal sealed record TokenizerDefinition
{
    /// <summary>The file it was read from.</summary>
    public required string File { get; init; }

    /// <summary>What is done to the whole text, in order.</summary>
    public required IReadOnlyList<INormalizer> Normalizers { get; init; }

    /// <summary>How text is cut into words, step by step.</summary>
    public required IReadOnlyList<IPreTokenizer> PreTokenizers { get; init; }

    /// <summary>The ids that words begin with.</summary>
    public required ISymbols Symbols { get; init; }

    /// <summary>Whether a word that is a token becomes that token, whatever the merges make of it.</summary>
    public required bool IgnoreMerges { get; init; }

    /// <summary>Token strings by id, added tokens included; null where no token has that id.</summary>
    public required string?[] Tokens { get; init; }

    /// <summary>Ids by token string, added tokens included.</summary>
    public required Dictionary<string, int> Ids { get; init; }

    /// <summary>The merges in order of rank.</summary>
    public required IReadOnlyList<(int Left, int Right, int Id)> Merges { get; init; }

    /// <summary>The added tokens, in the file's order.</summary>
    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    /// <summary>The ids that are put around a whole text when it is asked for.</summary>
    public required SpecialTokens Template { get; init; }

    /// <summary>How tokens become text; null for the byte alphabet.</summary>
    public required TokenDecoding? Decoding { get; init; }

    /// <summary>The strings of tokens that stand for pictures and other inputs that are no text.</summary>
    public IReadOnlyList<string> OtherInputs { get; init; } = [];

    /// <summary>What the file asks for and does not get, one line each.</summary>
    public required IReadOnlyList<string> Notices { get; init; }

    /// <summary>
    /// The tokenizer of a model whose embedding has so many rows. Tokens of other inputs than text that have none are left out, with a
    /// notice: a model of text alone may have the tokenizer of its siblings that see pictures.
    /// </summary>
    /// <exception cref="ParScaleException">Another token has no row (TK-05).</exception>
    public TokenizerDefinition WithRows(int rows)
    {
        if (Tokens.Length <= rows) return this;
        AddedToken[] rowless = [.. AddedTokens.Where(token => token.Id >= rows && !token.InVocabulary && OtherInputs.Contains(token.Content))];
        int last = Array.FindLastIndex(Tokens, Tokens.Length - 1, token => token is not null && !rowless.Any(one => one.Content == token));
        if (last >= rows)
        {
            throw ParScaleException.BadInput("TK-05", File,
                $"token {ParScaleException.Quote(Tokens[last] ?? "")}: has the id {last}, but the embedding has {rows} rows; use the model's own tokenizer");
        }
        var ids = new Dictionary<string, int>(Ids, StringComparer.Ordinal);
        foreach (AddedToken token in rowless) ids.Remove(token.Content);
        string names = string.Join(", ", rowless.Select(token => ParScaleException.Quote(token.Content)));
        return this with
        {
            Tokens = Tokens[..(last + 1)],
            Ids = ids,
            AddedTokens = [.. AddedTokens.Except(rowless)],
            Notices = [.. Notices, $"{Path.GetFileName(File)}: {names} left out: the embedding has {rows} rows, and this model reads text alone"],
        };
    }

    /// <summary>A text after all normalizers. It holds no lone surrogates before or after.</summary>
    public string Normalize(string text) => Normalizers.Aggregate(text, (before, step) => step.Normalize(before));
}

/// <summary>The ids that a post-processor puts around a text, such as that of the begin of text.</summary>
/// <param name="Before">Those before it.</param>
/// <param name="After">Those after it.</param>
internal sealed record SpecialTokens(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    /// <summary>Nothing on either side.</summary>
    public static SpecialTokens None { get; } = new([], []);
}

/// <summary>How the tokens of a vocabulary of characters become text.</summary>
internal sealed record TokenDecoding
{
    /// <summary>What is replaced in each token, in order.</summary>
    public required IReadOnlyList<(string Pattern, string Content)> Replacements { get; init; }

    /// <summary>Whether tokens such as <c>&lt;0x0A&gt;</c> stand for bytes.</summary>
    public required bool HasBytes { get; init; }

    /// <summary>A character that is left out of the first token wherever it occurs there; null for none.</summary>
    public char? DroppedFromFirst { get; init; }

    /// <summary>How many <see cref="Stripped"/> at most are taken from the beginning of the text.</summary>
    public int StripCount { get; init; }

    /// <summary>The character that is taken from the beginning of the text.</summary>
    public char Stripped { get; init; }
}
