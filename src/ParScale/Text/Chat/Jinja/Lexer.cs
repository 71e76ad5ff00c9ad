namespace ParScale.Text.Chat.Jinja;

/// <summary>
/// Cuts a template into tokens, with the white space that Transformers' settings keep: the line feed behind a tag goes
/// (<c>trim_blocks</c>), white space before a tag that begins its line goes (<c>lstrip_blocks</c>), <c>-</c> takes all white space on its
/// side, <c>+</c> keeps it.
/// </summary>
internal sealed class Lexer
{
    private readonly string _file;
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private bool _startsLine = true;

    private Lexer(string source, string file)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = source is [.., '\n'] ? source[..^1] : source;
        _file = file;
    }

    /// <exception cref="ParScaleException">A tag, comment or string is not closed, or a character has no meaning.</exception>
    public static List<Token> Cut(string source, string file)
    {
        var lexer = new Lexer(source, file);
        while (lexer._at < lexer._source.Length) lexer.Next();
        lexer._tokens.Add(new Token(TokenKind.End, "", lexer._line));
        return lexer._tokens;
    }

    private void Next()
    {
        int tag = NextTag();
        if (tag < 0)
        {
            AddText(_source[_at..]);
            Advance(_source.Length);
            return;
        }
        string text = _source[_at..tag];
        bool isPrint = _source[tag + 1] == '{';
        char sign = tag + 2 < _source.Length ? _source[tag + 2] : ' ';
        int line = _line;
        if (sign == '-') text = text[..PythonText.TrimEnd(text)];
        else if (sign != '+' && !isPrint) text = WithoutIndent(text);
        AddText(text, line);
        char kind = _source[tag + 1];
        Advance(tag + (sign is '-' or '+' ? 3 : 2));
        if (kind == '#') SkipComment();
        else if (kind == '%' && RawBody() is { } body) ReadRaw(body);
        else ReadTag(isPrint);
    }

    // What stands before a tag on its line goes if it is white space alone.
    private string WithoutIndent(string text)
    {
        int lineStart = text.LastIndexOf('\n') + 1;
        if (lineStart == 0 && !_startsLine) return text;
        return PythonText.TrimEnd(text) <= lineStart ? text[..lineStart] : text;
    }

    private int NextTag()
    {
        for (int at = _at; (at = _source.IndexOf('{', at)) >= 0 && at + 1 < _source.Length; at++)
            if (_source[at + 1] is '{' or '%' or '#') return at;
        return -1;
    }

    private void SkipComment()
    {
        int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0) throw Error("a comment is not closed with #}");
        bool takesAll = end > _at && _source[end - 1] == '-';
        bool keeps = end > _at && _source[end - 1] == '+';
        Advance(end + 2);
        EndTag(takesAll, takesLineFeed: !keeps);
    }

    private int? RawBody()
    {
        int at = SkipSpace(_at);
        if (string.CompareOrdinal(_source, at, "raw", 0, 3) != 0) return null;
        at = SkipSpace(at + 3);
        bool takesAll = at < _source.Length && _source[at] == '-';
        if (takesAll) at++;
        if (string.CompareOrdinal(_source, at, "%}", 0, 2) != 0) return null;
        return takesAll ? SkipSpace(at + 2) : at + 2;
    }

    private void ReadRaw(int body)
    {
        for (int end = body; (end = _source.IndexOf("{%", end, StringComparison.Ordinal)) >= 0; end += 2)
        {
            int at = end + 2;
            char sign = at < _source.Length ? _source[at] : ' ';
            at = SkipSpace(sign is '-' or '+' ? at + 1 : at);
            if (string.CompareOrdinal(_source, at, "endraw", 0, 6) != 0) continue;
            at = SkipSpace(at + 6);
            char last = at < _source.Length ? _source[at] : ' ';
            if (last is '-' or '+') at++;
            if (string.CompareOrdinal(_source, at, "%}", 0, 2) != 0) continue;
            Advance(body);
            _startsLine = _source[body - 1] == '\n';
            string text = _source[body..end];
            AddText(sign == '-' ? text[..PythonText.TrimEnd(text)] : sign == '+' ? text : WithoutIndent(text));
            Advance(at + 2);
            EndTag(takesAll: last == '-', takesLineFeed: last != '+');
            return;
        }
        throw Error("a raw block is not closed with {% endraw %}");
    }

    private void ReadTag(bool isPrint)
    {
        _tokens.Add(new Token(isPrint ? TokenKind.PrintBegin : TokenKind.TagBegin, isPrint ? "{{" : "{%", _line));
        string close = isPrint ? "}}" : "%}";
        var words = new TagLexer(_source, _file);
        for (var brackets = new Stack<char>(); ;)
        {
            Advance(SkipSpace(_at));
            if (_at >= _source.Length) throw Error($"a tag is not closed with {close}");
            bool takesAll = _source[_at] == '-';
            bool keeps = _source[_at] == '+' && !isPrint;
            int end = takesAll || keeps ? _at + 1 : _at;
            if (brackets.Count == 0 && string.CompareOrdinal(_source, end, close, 0, 2) == 0)
            {
                _tokens.Add(new Token(isPrint ? TokenKind.PrintEnd : TokenKind.TagEnd, close, _line));
                Advance(end + 2);
                EndTag(takesAll, takesLineFeed: !keeps && !isPrint);
                return;
            }
            Token token = words.Read(_at, _line, out int after);
            if (token.Kind == TokenKind.Operator) Balance(brackets, token.Text[0]);
            _tokens.Add(token);
            Advance(after);
        }
    }

    private void Balance(Stack<char> brackets, char bracket)
    {
        if (bracket is '(' or '[' or '{') brackets.Push(bracket);
        if (bracket is not (')' or ']' or '}')) return;
        char open = bracket switch { ')' => '(', ']' => '[', _ => '{' };
        if (brackets.Count == 0 || brackets.Pop() != open) throw Error($"{ParScaleException.Quote(bracket.ToString())} closes what is not open");
    }

    private void EndTag(bool takesAll, bool takesLineFeed)
    {
        _startsLine = false;
        int end = takesAll ? SkipSpace(_at) : takesLineFeed && _at < _source.Length && _source[_at] == '\n' ? _at + 1 : _at;
        if (end > _at) _startsLine = _source[end - 1] == '\n';
        Advance(end);
    }

    private void AddText(string text) => AddText(text, _line);

    private void AddText(string text, int line)
    {
        if (text.Length > 0) _tokens.Add(new Token(TokenKind.Text, text, line));
    }

    private void Advance(int to)
    {
        _line += _source.AsSpan(_at, to - _at).Count('\n');
        _at = to;
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at])) at++;
        return at;
    }

    private ParScaleException Error(string detail) => ParScaleException.BadInput("CT-01", _file, $"line {_line}: {detail}");
}
