using System.Text;

namespace ParScale.Generation.Constraints;

/// <summary>What a text may be, byte by byte: an expression of a context-free grammar. Compared by reference.</summary>
internal abstract class Grammar
{
    /// <summary>The byte that stands for the first control token; those below are text.</summary>
    public const byte FirstControl = 0xF8;

    /// <summary>The empty text.</summary>
    public static Grammar Empty { get; } = new Sequence([]);

    /// <summary>One byte of a set.</summary>
    public static Grammar Byte(ByteSet set) => new Bytes(set);

    /// <summary>One of the ASCII characters.</summary>
    public static Grammar OneOf(string characters) => new Bytes(ByteSet.Of(characters));

    /// <summary>
    /// A control token, by its place among those that a text may have. It stands as a byte that no UTF-8 has, so that it comes where the
    /// grammar names it and never in place of text.
    /// </summary>
    public static Grammar Control(int place) => new Bytes(ByteSet.Range(FirstControl + place, FirstControl + place));

    /// <summary>Exactly this text, in UTF-8.</summary>
    public static Grammar Text(string text) => new Sequence([.. Encoding.UTF8.GetBytes(text).Select(value => new Bytes(ByteSet.Range(value, value)))]);

    /// <summary>One after the other.</summary>
    public static Grammar All(params Grammar[] parts) => parts is [Grammar only] ? only : new Sequence(parts);

    /// <summary>One of these.</summary>
    public static Grammar Any(params Grammar[] choices) => choices is [Grammar only] ? only : new Choice(choices);

    /// <summary>This or nothing.</summary>
    public static Grammar Optional(Grammar part) => new Choice([part, Empty]);

    /// <summary>A number of times.</summary>
    /// <param name="part">What is repeated; not itself empty.</param>
    /// <param name="least">At least so often.</param>
    /// <param name="most">At most so often; null without a limit.</param>
    public static Grammar Times(Grammar part, int least, int? most) => new Repetition(part, least, most);

    /// <summary>One byte.</summary>
    internal sealed class Bytes(ByteSet set) : Grammar
    {
        public ByteSet Set => set;
    }

    /// <summary>One after the other.</summary>
    internal sealed class Sequence(IReadOnlyList<Grammar> parts) : Grammar
    {
        public IReadOnlyList<Grammar> Parts => parts;
    }

    /// <summary>One of several.</summary>
    internal sealed class Choice(IReadOnlyList<Grammar> choices) : Grammar
    {
        public IReadOnlyList<Grammar> Choices => choices;
    }

    /// <summary>Several times.</summary>
    internal sealed class Repetition(Grammar part, int least, int? most) : Grammar
    {
        public Grammar Part => part;

        public int Least => least;

        public int? Most => most;
    }

    /// <summary>A rule with a name of its own, so that it can contain itself. Its first symbol must be a byte, not the rule.</summary>
    internal sealed class Rule : Grammar
    {
        /// <summary>What the rule stands for; set once, before the grammar is used.</summary>
        public Grammar Target { get; set; } = Empty;
    }
}
