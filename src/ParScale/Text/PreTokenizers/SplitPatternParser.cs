using System.Globalization;
using System.Text;

namespace ParScale.Text.PreTokenizers;

/// <summary>
/// Reads the expressions of tokenizer files, in the dialect of the reference implementation (Oniguruma's Ruby syntax). What is not
/// listed here throws <see cref="FormatException"/> with a reason, since another meaning would give other tokens.
/// </summary>
internal sealed class SplitPatternParser
{
    private const int LongestPattern = 4096;
    private const int DeepestNesting = 32;
    private const int MostRepeats = 100;

    // Pairs of ASCII letters that one sign outside ASCII folds to: without regard to case they would match that sign too.
    private static readonly string[] FoldedTogether = ["ff", "fi", "fl", "ss", "st"];

    private readonly string _pattern;
    private int _at;
    private int _depth;

    private SplitPatternParser(string pattern) => _pattern = pattern;

    private bool AtEnd => _at == _pattern.Length;

    /// <summary>The parts of an expression.</summary>
    public static PatternNode Parse(string pattern)
    {
        if (pattern.Length is 0 or > LongestPattern) throw new FormatException($"it has {pattern.Length} characters; 1 to {LongestPattern} are allowed");
        var parser = new SplitPatternParser(pattern);
        PatternNode whole = parser.Choices(ignoreCase: false);
        if (!parser.AtEnd) throw parser.Unknown();
        return whole.CanBeEmpty ? throw new FormatException("it also matches no text at all") : whole;
    }

    private PatternNode Choices(bool ignoreCase)
    {
        if (++_depth > DeepestNesting) throw new FormatException("it is nested too deeply");
        List<PatternNode> choices = [Sequence(ignoreCase)];
        while (Take("|")) choices.Add(Sequence(ignoreCase));
        _depth--;
        return choices.Count == 1 ? choices[0] : new ChoiceNode(choices);
    }

    private SequenceNode Sequence(bool ignoreCase)
    {
        var parts = new List<PatternNode>();
        int start = _at;
        while (!AtEnd && _pattern[_at] is not ('|' or ')')) parts.Add(Repeats(Atom(ignoreCase)));
        string written = _pattern[start.._at];
        if (ignoreCase && FoldedTogether.Any(pair => written.Contains(pair, StringComparison.OrdinalIgnoreCase)))
            throw new FormatException($"{ParScaleException.Quote(written)} without regard to case is not supported");
        return new SequenceNode(parts);
    }

    private PatternNode Repeats(PatternNode part)
    {
        while (!AtEnd && _pattern[_at] is '*' or '+' or '?' or '{')
        {
            bool counted = _pattern[_at] == '{';
            (int least, int? most) = counted ? Counts() : Take("*") ? (0, null) : Take("+") ? (1, null) : Take("?") ? (0, 1) : ((int, int?))(1, 1);

            // After a count, + is one more repetition and not the mark of a possessive one, as in Ruby.
            RepeatKind kind = counted ? RepeatKind.Greedy : Take("+") ? RepeatKind.Possessive : Take("?") ? RepeatKind.Lazy : RepeatKind.Greedy;
            if (counted && !AtEnd && _pattern[_at] == '?') throw Unknown();
            if (part.CanBeEmpty) throw new FormatException($"it repeats a part that may be empty, before place {_at}");
            if (kind == RepeatKind.Possessive && part is not CharacterNode)
                throw new FormatException($"it repeats a group possessively, before place {_at}");
            part = new RepeatNode(part, least, most, kind);
        }
        return part;
    }

    private (int Least, int? Most) Counts()
    {
        int start = _at;
        Take("{");
        int least = Number() ?? throw Unknown(start);
        int? most = Take(",") ? Number() : least;
        if (!Take("}") || most < least || most == 0) throw Unknown(start);
        return (least, most);
    }

    private int? Number()
    {
        int start = _at;
        while (!AtEnd && char.IsAsciiDigit(_pattern[_at])) _at++;
        if (_at == start) return null;
        bool fits = int.TryParse(_pattern.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        return fits && number <= MostRepeats ? number : throw new FormatException($"it repeats a part more than {MostRepeats} times");
    }

    private PatternNode Atom(bool ignoreCase)
    {
        if (Take("(?i:")) return Closed(Choices(ignoreCase: true));
        if (Take("(?:")) return Closed(Choices(ignoreCase));
        if (Take("(?=")) return Lookahead(negated: false, ignoreCase);
        if (Take("(?!")) return Lookahead(negated: true, ignoreCase);
        if (_pattern[_at] == '(' && !At("(?") && !At("(*"))
        {
            _at++;
            return Closed(Choices(ignoreCase));
        }
        int start = _at;
        CodePointSet members = Take("[") ? Class(depth: 0) : Single();
        if (!ignoreCase) return new CharacterNode(members);
        if (_pattern.AsSpan(start, _at - start).IndexOfAny('\\', '^') >= 0) throw Unknown(start);
        return new CharacterNode(members.IgnoringCase());
    }

    private PatternNode Closed(PatternNode inner) => Take(")") ? inner : throw Unknown();

    private LookaheadNode Lookahead(bool negated, bool ignoreCase)
    {
        int start = _at;
        PatternNode inner = Closed(Choices(ignoreCase));
        while (inner is SequenceNode { Parts: [PatternNode only] }) inner = only;
        return inner is CharacterNode single ? new LookaheadNode(single.Members, negated) : throw Unknown(start);
    }

    // One character outside brackets.
    private CodePointSet Single()
    {
        if (_pattern[_at] == '\\') return Escape();
        if (_pattern[_at] is '.' or '^' or '$' or '(' or ')' or '*' or '+' or '?' or '{') throw Unknown();
        int value = Literal();
        return CodePointSet.Range(value, value);
    }

    private CodePointSet Class(int depth)
    {
        int start = _at - 1;
        bool negated = Take("^");
        var sets = new List<CodePointSet>();
        if (depth > DeepestNesting || At("]") || At("[:")) throw Unknown(start);
        CodePointSet? others = null;
        while (!Take("]"))
        {
            if (AtEnd || At("[:")) throw Unknown(AtEnd ? start : _at);
            if (At("&&"))
            {
                others = Both(others, sets, start);
                sets.Clear();
                _at += 2;
            }
            else if (Take("[")) sets.Add(Class(depth + 1));
            else if (IsSetEscape()) sets.Add(Escape());
            else sets.Add(Range());
        }
        CodePointSet all = Both(others, sets, start);
        return negated ? all.Complement() : all;
    }

    // "&&" binds less than all else in a class: [ab&&bc] is b. A side of it that names nothing is refused.
    private CodePointSet Both(CodePointSet? others, List<CodePointSet> sets, int start)
    {
        if (sets.Count == 0) throw Unknown(start);
        var union = CodePointSet.Union([.. sets]);
        return others is null ? union : CodePointSet.Intersection(others, union);
    }

    // A character of a class, or two with a hyphen between them. A hyphen at the edge of the class is a character.
    private CodePointSet Range()
    {
        int start = _at;
        int first = ClassCharacter();
        bool isRange = At("-") && _at + 1 < _pattern.Length && _pattern[_at + 1] != ']';
        if (!isRange) return CodePointSet.Range(first, first);
        _at++;
        if (first == '-' || At("[") || IsSetEscape()) throw Unknown(start);
        int last = ClassCharacter();
        return last >= first ? CodePointSet.Range(first, last) : throw Unknown(start);
    }

    private int ClassCharacter()
    {
        if (AtEnd) throw Unknown(_at);
        return _pattern[_at] == '\\' ? EscapedCharacter() : Literal();
    }

    private bool IsSetEscape() => At("\\s") || At("\\S") || At("\\p") || At("\\P");

    private CodePointSet Escape()
    {
        int start = _at;
        if (Take("\\s")) return CodePointSet.WhiteSpace;
        if (Take("\\S")) return CodePointSet.WhiteSpace.Complement();
        bool negated = At("\\P");
        if (!Take("\\p{") && !Take("\\P{"))
        {
            int value = EscapedCharacter();
            return CodePointSet.Range(value, value);
        }
        negated ^= Take("^");
        int end = _pattern.IndexOf('}', _at);
        CodePointSet category = (end < 0 ? null : CodePointSet.Property(_pattern[_at..end])) ?? throw Unknown(start);
        _at = end + 1;
        return negated ? category.Complement() : category;
    }

    private int EscapedCharacter()
    {
        int start = _at++;
        if (AtEnd) throw Unknown(start);
        char c = _pattern[_at++];
        return c switch
        {
            'r' => '\r',
            'n' => '\n',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            _ when c < 0x80 && !char.IsAsciiLetterOrDigit(c) => c,
            _ => throw Unknown(start),
        };
    }

    private int Literal()
    {
        if (Rune.DecodeFromUtf16(_pattern.AsSpan(_at), out Rune rune, out int length) != System.Buffers.OperationStatus.Done) throw Unknown();
        _at += length;
        return rune.Value;
    }

    private bool At(string text) => string.CompareOrdinal(_pattern, _at, text, 0, text.Length) == 0;

    private bool Take(string text)
    {
        if (!At(text)) return false;
        _at += text.Length;
        return true;
    }

    private FormatException Unknown(int? start = null)
    {
        const int Shown = 12;
        int at = Math.Min(start ?? _at, _pattern.Length);
        string rest = at == _pattern.Length ? "its end" : ParScaleException.Quote(_pattern.Substring(at, Math.Min(Shown, _pattern.Length - at)));
        return new FormatException($"{rest} at place {at} is not supported");
    }
}
