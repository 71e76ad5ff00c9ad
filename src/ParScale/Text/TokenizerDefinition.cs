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

    /// <summary>What the file asks for and does not get, one line each.</summary>
    public required IReadOnlyList<string> Notices { get; init; }

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
