using System.Text;
using ParScale.Text;

namespace ParScale.Cli.Commands;

/// <summary>Encodes and decodes texts that a damaged vocabulary is likely to spoil.</summary>
internal static class TokenizerSelfTest
{
    private static readonly string[] Texts =
    [
        "The quick brown fox jumps over the lazy dog. 0123456789",
        "  two spaces\n\n\ttabs and lines\r\n",
        "don't I'LL we've",
        "naïve café, ÆØÅ, ß, Ελληνικά, Русский",
        "中文字符 日本語 한국어 العربية हिन्दी",
        "emoji 😀👩‍👩‍👧 𝒜 𐍈",
        "{\"json\": [1, 2.5e-3, null]} <tag/> #!?;:()[]",
    ];

    /// <summary><c>ok</c>, or <c>failed</c> with the first text that does not come back (in NFC, which is what the tokenizer reads).</summary>
    public static string Run(Tokenizer tokenizer)
    {
        foreach (string text in Texts.Append(EveryAsciiCharacter()))
        {
            string back = tokenizer.Decode(tokenizer.Encode(text));
            if (back != text && back != text.Normalize(NormalizationForm.FormC))
                return $"failed: {ParScaleException.Quote(text)} comes back as {ParScaleException.Quote(back)}";
        }
        return "ok";
    }

    private static string EveryAsciiCharacter() => string.Concat(Enumerable.Range(0, 128).Select(code => (char)code));
}
