using System.Globalization;

namespace ParScale.Generation.Constraints;

/// <summary>
/// Reads a regular expression of a schema (ECMA-262, its regular part) into the grammar of a JSON string's content: literals, classes,
/// groups, alternatives and quantifiers, with anchors at the ends. What goes beyond regular languages is refused.
/// </summary>
internal sealed class PatternReader
{
    private const int MostRepeats = 1000, MostDepth = 64;

    private static readonly Characters Digits = Characters.Range('0', '9');
    private static readonly Characters Words = Digits | Characters.Range('a', 'z') | Characters.Range('A', 'Z') | Characters.Of("_");
    private static readonly Characters Spaces = Characters.Of("\t\n\v\f\r \u00A0\u1680\u2028\u2029\u202F\u205F\u3000\uFEFF") | Characters.Range(0x2000, 0x200A);
    private static readonly Characters LineEnds = Characters.Of("\n\r\u2028\u2029");

    private readonly string _pattern;
    private int _at, _depth;

    private PatternReader(string pattern) => _pattern = pattern;

    /// <summary>The grammar of the texts that the pattern matches.</summary>
    /// <exception cref="FormatException">The pattern is malformed or not regular; the message says where.</exception>
    public static Grammar Read(string pattern)
    {
        var reader = new PatternReader(pattern);
        Grammar anything = Grammar.Times(JsonText.Character, 0, null);
        bool fromStart = reader.Take('^');
        Grammar body = reader.Alternatives(out bool single);
        bool toEnd = reader.Take('$');
        if (reader._at < pattern.Length) throw reader.Wrong("is not understood");
        // ^a|b$ anchors each alternative at one end only, which nobody means.
        if (!single && (fromStart || toEnd)) throw new FormatException("anchors beside alternatives are not understood; put the alternatives in a group");
        return Grammar.All(fromStart ? Grammar.Empty : anything, body, toEnd ? Grammar.Empty : anything);
    }

    private Grammar Alternatives(out bool single)
    {
        if (++_depth > MostDepth) throw Wrong("is nested too deeply");
        var choices = new List<Grammar> { Sequence() };
        while (Take('|')) choices.Add(Sequence());
        _depth--;
        single = choices.Count == 1;
        return Grammar.Any([.. choices]);
    }

    private Grammar Sequence()
    {
        var parts = new List<Grammar>();
        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')') && !(_pattern[_at] == '$' && _at == _pattern.Length - 1)) parts.Add(Quantified());
        return Grammar.All([.. parts]);
    }

    private Grammar Quantified()
    {
        Grammar atom = Atom(out bool mayBeEmpty);
        int least, most = -1;
        if (Take('*')) least = 0;
        else if (Take('+')) least = 1;
        else if (Take('?')) (least, most) = (0, 1);
        else if (_at < _pattern.Length && _pattern[_at] == '{') (least, most) = Braces();
        else return atom;
        // A lazy quantifier matches the same texts.
        Take('?');
        if (_at < _pattern.Length && _pattern[_at] is '*' or '+' or '{') throw Wrong("follows another quantifier");
        if (mayBeEmpty) throw Wrong("repeats what may be empty");
        return Grammar.Times(atom, least, most < 0 ? null : most);
    }

    private (int Least, int Most) Braces()
    {
        int end = _pattern.IndexOf('}', _at);
        if (end < 0) throw Wrong("has no end");
        string[] numbers = _pattern[(_at + 1)..end].Split(',');
        bool valid = int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out int least);
        int most = least;
        if (numbers.Length == 2) valid &= numbers[1].Length == 0 ? (most = -1) < 0 : int.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out most);
        if (!valid || numbers.Length > 2 || (most >= 0 && most < least)) throw Wrong("is no quantifier");
        if (Math.Max(least, most) > MostRepeats) throw Wrong($"repeats more than {MostRepeats} times");
        _at = end + 1;
        return (least, most);
    }

    private Grammar Atom(out bool mayBeEmpty)
    {
        mayBeEmpty = false;
        char next = _pattern[_at];
        switch (next)
        {
            case '(':
                _at++;
                if (Take('?') && !Take(':')) throw Wrong("is a group that only backtracking can match");
                int start = _at;
                Grammar group = Alternatives(out _);
                mayBeEmpty = CanBeEmpty(group);
                if (!Take(')')) throw Wrong("is not closed", start - 1);
                return group;
            case '[':
                return JsonText.CharacterOf(Class());
            case '.':
                _at++;
                return JsonText.CharacterOf(Characters.All - LineEnds);
            case '\\':
                return JsonText.CharacterOf(Escape());
            case '*' or '+' or '?' or '{' or '}' or ']' or '^' or '$':
                throw Wrong("stands where a character should");
            default:
                return JsonText.CharacterOf(Character());
        }
    }

    private Characters Character()
    {
        if (!System.Text.Rune.TryGetRuneAt(_pattern, _at, out System.Text.Rune rune)) throw Wrong("is half a surrogate pair");
        _at += rune.Utf16SequenceLength;
        return Characters.Range(rune.Value, rune.Value);
    }

    private Characters Class()
    {
        int start = _at++;
        bool not = Take('^');
        Characters set = Characters.Of("");
        while (!Take(']'))
        {
            if (_at >= _pattern.Length) throw Wrong("is not closed", start);
            Characters first = _pattern[_at] == '\\' ? Escape() : Character();
            bool range = _at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']';
            if (!range)
            {
                set |= first;
                continue;
            }
            _at++;
            Characters last = _pattern[_at] == '\\' ? Escape() : Character();
            int[] ends = [.. first.CodePoints.Take(2), .. last.CodePoints.Take(2)];
            if (ends.Length != 2 || ends[0] > ends[1]) throw Wrong("ends no range");
            set |= Characters.Range(ends[0], ends[1]);
        }
        if (not) set = Characters.All - set;
        return set.IsEmpty ? throw Wrong("matches no character", start) : set;
    }

    private Characters Escape()
    {
        int start = _at;
        if (start + 1 >= _pattern.Length) throw Wrong("has nothing after it");
        char kind = _pattern[start + 1];
        _at += 2;
        return kind switch
        {
            'd' => Digits,
            'D' => Characters.All - Digits,
            'w' => Words,
            'W' => Characters.All - Words,
            's' => Spaces,
            'S' => Characters.All - Spaces,
            'n' => Characters.Of("\n"),
            'r' => Characters.Of("\r"),
            't' => Characters.Of("\t"),
            'f' => Characters.Of("\f"),
            'v' => Characters.Of("\v"),
            'x' => Hex(2, start),
            'u' => Hex(4, start),
            _ when char.IsAsciiLetterOrDigit(kind) => throw Wrong("is an escape that is not understood", start),
            _ => Characters.Of($"{kind}"),
        };
    }

    private Characters Hex(int digits, int start)
    {
        if (_at + digits > _pattern.Length || !int.TryParse(_pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
            || char.IsSurrogate((char)code))
        {
            throw Wrong("is no character", start);
        }
        _at += digits;
        return Characters.Range(code, code);
    }

    private bool Take(char c)
    {
        if (_at >= _pattern.Length || _pattern[_at] != c) return false;
        _at++;
        return true;
    }

    private static bool CanBeEmpty(Grammar grammar) => grammar switch
    {
        Grammar.Sequence sequence => sequence.Parts.All(CanBeEmpty),
        Grammar.Choice choice => choice.Choices.Any(CanBeEmpty),
        Grammar.Repetition repetition => repetition.Least == 0 || CanBeEmpty(repetition.Part),
        _ => false,
    };

    private FormatException Wrong(string what, int? at = null)
    {
        int place = at ?? _at;
        string found = place < _pattern.Length ? $"\"{_pattern[place]}\" at {place}" : "its end";
        return new FormatException($"{found} {what}");
    }
}
