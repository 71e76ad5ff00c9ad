using ParScale.Text;

namespace ParScale.Cli.Options;

/// <summary>A text, or ready token ids; exactly one of the two.</summary>
internal sealed record Input(string? Text, int[]? Tokens, bool ParseSpecial)
{
    /// <summary>True when the text was piped in.</summary>
    public bool FromPipe { get; init; }

    /// <summary>The token ids, each checked against <paramref name="vocabulary"/>, and at least <paramref name="minimum"/> of them.</summary>
    public int[] ToIds(Func<Tokenizer> tokenizer, int vocabulary, int minimum)
    {
        int[] ids = Tokens ?? tokenizer().Encode(Text ?? "", ParseSpecial, addSpecial: true);
        if (Tokens is not null) TokenList.Check(ids, vocabulary);
        if (ids.Length < minimum)
        {
            throw ParScaleException.Usage("CL-02", minimum == 1
                ? "the text is empty; give at least one character"
                : $"the text is too short; it must be at least {minimum} tokens");
        }
        return ids;
    }
}
