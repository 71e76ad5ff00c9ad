namespace ParScale.Text.PreTokenizers;

/// <summary>What becomes of the text that an expression matches.</summary>
internal enum SplitBehavior
{
    /// <summary>It is dropped.</summary>
    Removed,

    /// <summary>Each match is a piece.</summary>
    Isolated,

    /// <summary>Each match ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>Each match begins the piece after it.</summary>
    MergedWithNext,

    /// <summary>Neighbouring matches are one piece.</summary>
    Contiguous,
}

/// <summary>Cuts text where an expression matches.</summary>
/// <param name="Pattern">The expression, or the text to find.</param>
/// <param name="IsLiteral">Whether <paramref name="Pattern"/> is just text.</param>
/// <param name="Behavior">What becomes of the matches.</param>
/// <param name="Invert">Whether the text between the matches counts as the matches.</param>
internal sealed record Splitter(string Pattern, bool IsLiteral, SplitBehavior Behavior, bool Invert) : IPreTokenizer
{
    private readonly SplitPattern _pattern = IsLiteral ? SplitPattern.Literal(Pattern) : SplitPattern.Parse(Pattern);

    // These rules match all of a text, so their matches are its pieces.
    private readonly WordRule? _rule = IsLiteral || !(Behavior == SplitBehavior.Isolated || (Behavior == SplitBehavior.Removed && Invert))
        ? null : WordRule.Of(Pattern);

    /// <summary>Whether it leaves out some of the text.</summary>
    public bool DropsText => Behavior == SplitBehavior.Removed && _rule is null;

    public void Cut(ReadOnlySpan<char> text, bool opens, PieceHandler next)
    {
        if (_rule is { } rule) CutByRule(text, opens, rule, next);
        else CutByPattern(text, opens, next);
    }

    private static void CutByRule(ReadOnlySpan<char> text, bool opens, WordRule rule, PieceHandler next)
    {
        for (int start = 0; start < text.Length;)
        {
            int length = WordSplitter.NextWord(text, start, rule);
            next(text.Slice(start, length), opens && start == 0);
            start += length;
        }
    }

    private void CutByPattern(ReadOnlySpan<char> text, bool opens, PieceHandler next)
    {
        var pieces = new PieceJoiner(Behavior, text, opens, next);
        var failures = new PatternFailures(_pattern.Branches);
        int between = 0;
        for (int at = 0; at < text.Length;)
        {
            int end = _pattern.Match(text, at, failures);
            if (end < 0)
            {
                at += char.IsHighSurrogate(text[at]) ? 2 : 1;
                continue;
            }
            if (at > between) pieces.Add(between, at, Invert);
            pieces.Add(at, end, !Invert);
            between = at = end;
        }
        if (text.Length > between) pieces.Add(between, text.Length, Invert);
        pieces.Finish();
    }

    // Joins matches and what stands between them as the behaviour says; the piece from _start to _end may still grow.
    private ref struct PieceJoiner(SplitBehavior behavior, ReadOnlySpan<char> text, bool opens, PieceHandler next)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private int _start;
        private int _end;
        private bool _isMatch;

        public void Add(int start, int end, bool isMatch)
        {
            bool joins = behavior switch
            {
                SplitBehavior.MergedWithPrevious => isMatch && !_isMatch,
                SplitBehavior.MergedWithNext => !isMatch && _isMatch,
                SplitBehavior.Contiguous => isMatch == _isMatch,
                _ => false,
            };
            if (!joins) Finish();
            if (behavior == SplitBehavior.Removed && isMatch) start = end;
            (_start, _end, _isMatch) = (joins && _end > _start ? _start : start, end, isMatch);
        }

        public readonly void Finish()
        {
            if (_end > _start) next(_text[_start.._end], opens && _start == 0);
        }
    }
}
