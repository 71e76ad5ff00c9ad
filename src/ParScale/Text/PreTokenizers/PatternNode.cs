namespace ParScale.Text.PreTokenizers;

/// <summary>A part of an expression.</summary>
internal abstract record PatternNode
{
    /// <summary>Whether it matches no text at all.</summary>
    public abstract bool CanBeEmpty { get; }
}

/// <summary>One character.</summary>
/// <param name="Members">Which ones.</param>
internal sealed record CharacterNode(CodePointSet Members) : PatternNode
{
    public override bool CanBeEmpty => false;
}

/// <summary>One part after the other.</summary>
/// <param name="Parts">The parts.</param>
internal sealed record SequenceNode(IReadOnlyList<PatternNode> Parts) : PatternNode
{
    public override bool CanBeEmpty => Parts.All(part => part.CanBeEmpty);
}

/// <summary>The first of the choices with which the rest matches too.</summary>
/// <param name="Choices">The choices, in order.</param>
internal sealed record ChoiceNode(IReadOnlyList<PatternNode> Choices) : PatternNode
{
    public override bool CanBeEmpty => Choices.Any(choice => choice.CanBeEmpty);
}

/// <summary>A part again and again.</summary>
/// <param name="Part">The part, which is never empty.</param>
/// <param name="Least">How often at least.</param>
/// <param name="Most">How often at most; null for any number of times.</param>
/// <param name="Kind">Which of the numbers is tried first.</param>
internal sealed record RepeatNode(PatternNode Part, int Least, int? Most, RepeatKind Kind) : PatternNode
{
    public override bool CanBeEmpty => Least == 0;
}

/// <summary>A test of the next character that takes nothing.</summary>
/// <param name="Members">The characters that are asked for.</param>
/// <param name="Negated">Whether the next one must be none of them, or the text must end.</param>
internal sealed record LookaheadNode(CodePointSet Members, bool Negated) : PatternNode
{
    public override bool CanBeEmpty => true;
}

/// <summary>How a repetition chooses its number.</summary>
internal enum RepeatKind
{
    /// <summary>As many as possible first: <c>*</c>.</summary>
    Greedy,

    /// <summary>As few as possible first: <c>*?</c>.</summary>
    Lazy,

    /// <summary>As many as possible and no others: <c>*+</c>, of single characters only.</summary>
    Possessive,
}
