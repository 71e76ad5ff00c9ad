namespace ParScale.Text.PreTokenizers;

/// <summary>What makes a word.</summary>
internal enum WordKind
{
    /// <summary><c>[^\r\n\p{L}\p{N}]?\p{L}+</c>: letters with one other character before them.</summary>
    Letters,

    /// <summary><c>[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+</c>: the same of letters and marks.</summary>
    Marked,

    /// <summary>The same, cut before a capital that follows a small letter: first capitals, then small letters.</summary>
    Cased,

    /// <summary><c> ?\p{L}+| ?\p{N}+</c>: letters or digits with one space before them.</summary>
    Spaced,
}

/// <summary>Which of 's, 't, 're, 've, 'm, 'll and 'd are contractions.</summary>
internal enum ContractionKind
{
    /// <summary>None.</summary>
    None,

    /// <summary>Those in small letters.</summary>
    Exact,

    /// <summary>Those in any case.</summary>
    AnyCase,

    /// <summary><c>(?i:'s|...)</c>: also 'ſ, whose long s folds to an s.</summary>
    Folded,
}

/// <summary>
/// The meaning of an expression that is written out as code: a contraction, a word, digits, signs with what follows them, white space up
/// to its last line break, other white space but for one character before a word. Together they match every text.
/// </summary>
/// <param name="Words">What makes a word.</param>
/// <param name="Leading">Contractions that are words of their own.</param>
/// <param name="Trailing">Contractions that belong to the word before them.</param>
/// <param name="MostDigits">How many digits at most stay together.</param>
/// <param name="SignsTakeSlashes">Whether slashes go with the line breaks that follow signs.</param>
internal sealed record WordRule(
    WordKind Words, ContractionKind Leading, ContractionKind Trailing = ContractionKind.None, int MostDigits = 3, bool SignsTakeSlashes = false)
{
    private const string AnyCase = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Word = @"[^\r\n\p{L}\p{N}]?\p{L}+";
    private const string Marked = @"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+";
    private const string UpperThenLower = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+";
    private const string UpperFirst = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*";
    private const string Signs = @" ?[^\s\p{L}\p{N}]+[\r\n]*";
    private const string SignsAndSlashes = @" ?[^\s\p{L}\p{N}]+[\r\n/]*";
    private const string LastSpaces = @"\s+(?!\S)|\s+";
    private const string Spaces = @"\s*[\r\n]+|" + LastSpaces;

    /// <summary>Qwen2, 2.5 and 3: single digits.</summary>
    public const string Qwen2Pattern = $@"{AnyCase}|{Word}|\p{{N}}|{Signs}|{Spaces}";

    /// <summary>Llama 3, and GPT-4 (cl100k) as Transformers writes it: SmolLM3, OLMo 2, Phi-4, DBRX, StableLM 2.</summary>
    public const string Llama3Pattern = $@"{AnyCase}|{Word}|\p{{N}}{{1,3}}|{Signs}|{Spaces}";

    /// <summary>The expression of byte-level steps that split by themselves: GPT-2, SmolLM, OLMoE, Granite 3, StarCoder.</summary>
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|" + LastSpaces;

    private static readonly Dictionary<string, WordRule> Known = new(StringComparer.Ordinal)
    {
        [Qwen2Pattern] = new(WordKind.Letters, ContractionKind.Folded, MostDigits: 1),
        [Llama3Pattern] = new(WordKind.Letters, ContractionKind.Folded),
        [Gpt2Pattern] = new(WordKind.Spaced, ContractionKind.Exact, MostDigits: int.MaxValue),

        // cl100k as tiktoken writes it. \s* takes the line breaks before the last one, so [\r\n] and [\r\n]+ end at the same place.
        [$@"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{{L}}\p{{N}}]?+\p{{L}}+|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]++[\r\n]*|\s*[\r\n]|{LastSpaces}"] =
            new(WordKind.Letters, ContractionKind.Folded),

        // Qwen3.5.
        [$@"{AnyCase}|{Marked}|\p{{N}}| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|{Spaces}"] = new(WordKind.Marked, ContractionKind.Folded, MostDigits: 1),

        // GLM 4.
        [$@"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|{Word}|\p{{N}}{{1,3}}|{Signs}|{Spaces}"] =
            new(WordKind.Letters, ContractionKind.AnyCase),

        // GPT-4o (o200k): Phi-4-mini, gpt-oss, Llama 4.
        [$@"{UpperThenLower}{AnyCase}?|{UpperFirst}{AnyCase}?|\p{{N}}{{1,3}}|{SignsAndSlashes}|{Spaces}"] =
            new(WordKind.Cased, ContractionKind.None, ContractionKind.Folded, SignsTakeSlashes: true),

        // Mistral's Tekken: Nemo, Ministral, Mistral Small.
        [$@"{UpperThenLower}|{UpperFirst}|\p{{N}}|{SignsAndSlashes}|{Spaces}"] = new(WordKind.Cased, ContractionKind.None, MostDigits: 1, SignsTakeSlashes: true),
    };

    /// <summary>The expressions that are written out as code.</summary>
    public static IReadOnlyCollection<string> Patterns => Known.Keys;

    /// <summary>The rule of <see cref="Qwen2Pattern"/>.</summary>
    public static WordRule Qwen2 { get; } = Known[Qwen2Pattern];

    /// <summary>The rule of <see cref="Gpt2Pattern"/>.</summary>
    public static WordRule Gpt2 { get; } = Known[Gpt2Pattern];

    /// <summary>The rule that does what an expression says; null when it is none of these.</summary>
    public static WordRule? Of(string pattern) => Known.GetValueOrDefault(pattern);
}
