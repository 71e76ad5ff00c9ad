using System.Text;

namespace ParScale.Generation.Constraints;

/// <summary>What a model may think before a text that must have a form.</summary>
internal static class ThinkingGrammar
{
    // Between the thinking and the answer.
    private const int MostSpace = 4;

    private static ByteSet Text { get; } = ByteSet.Range(0, Grammar.FirstControl - 1);

    private static Grammar Anything { get; } = Grammar.Byte(Text);

    /// <summary>Any text up to the first mark that ends it, the mark, and a little white space.</summary>
    /// <param name="mark">The mark. It does not hold its first byte a second time.</param>
    /// <param name="control">Its place where it is a control token; null where it is text.</param>
    public static Grammar UpTo(string mark, int? control)
    {
        Grammar space = Grammar.Times(Grammar.OneOf(" \n"), 0, MostSpace);
        return control is { } place ? Grammar.All(Grammar.Times(Anything, 0, null), Grammar.Control(place), space) : Grammar.All(UpTo(Encoding.UTF8.GetBytes(mark)), space);
    }

    // A rule for each number of bytes of the mark that have just come: the next one, its first again, or another.
    private static Grammar.Rule UpTo(byte[] mark)
    {
        Grammar.Rule[] rules = [.. mark.Select(_ => new Grammar.Rule())];
        for (int i = 0; i < mark.Length; i++)
        {
            ByteSet next = One(mark[i]), first = i == 0 ? default : One(mark[0]);
            Grammar matched = i + 1 < mark.Length ? Grammar.All(Grammar.Byte(next), rules[i + 1]) : Grammar.Byte(next);
            Grammar other = Grammar.All(Grammar.Byte(Text - next - first), rules[0]);
            rules[i].Target = i == 0 ? Grammar.Any(matched, other) : Grammar.Any(matched, Grammar.All(Grammar.Byte(first), rules[1]), other);
        }
        return rules[0];
    }

    private static ByteSet One(byte value) => ByteSet.Range(value, value);
}
