using System.Text;
using ParScale.Text;

namespace ParScale.Generation;

/// <summary>The denominator of nats per character, which compares models with different tokenizers.</summary>
internal static class CharacterCount
{
    /// <summary>Code points of the text that <paramref name="ids"/> stand for, less those of the first token, which nothing predicts.</summary>
    public static long Predicted(Tokenizer tokenizer, ReadOnlySpan<int> ids) =>
        CodePoints(tokenizer.Decode(ids)) - CodePoints(tokenizer.Decode(ids[..Math.Min(1, ids.Length)]));

    private static long CodePoints(string text)
    {
        long count = 0;
        foreach (Rune _ in text.EnumerateRunes()) count++;
        return count;
    }
}
