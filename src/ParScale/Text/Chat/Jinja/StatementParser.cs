using ParScale.Text.Chat.Jinja.Expressions;
using ParScale.Text.Chat.Jinja.Statements;

namespace ParScale.Text.Chat.Jinja;

/// <summary>Reads a template: text, printed expressions, and statements with their bodies.</summary>
internal sealed class StatementParser
{
    private static readonly string[] OtherFiles = ["include", "import", "from", "extends"];

    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private readonly MacroParser _macros;
    private int _loops;

    private StatementParser(TokenReader tokens)
    {
        _tokens = tokens;
        _expressions = new ExpressionParser(tokens);
        _macros = new MacroParser(tokens, _expressions, Function);
    }

    /// <summary>The statements of a template.</summary>
    /// <exception cref="ParScaleException">It is no template, or has what this version does not run; the line is named.</exception>
    public static Statement[] Parse(string source, string file)
    {
        var tokens = new TokenReader(Lexer.Cut(source, file), file);
        var parser = new StatementParser(tokens);
        Statement[] body = parser.Body(opened: null);
        if (tokens.Current.Kind != TokenKind.End) throw tokens.Unexpected("a statement");
        return parser._expressions.Unknown is [var unknown, ..] ? throw unknown : body;
    }

    /// <summary>Statements up to one of the tags that end them, which stays; or up to the end of the template.</summary>
    private Statement[] Body(Token? opened, params ReadOnlySpan<string> ends)
    {
        var body = new List<Statement>();
        for (; ; )
        {
            Token token = _tokens.Current;
            switch (token.Kind)
            {
                case TokenKind.Text:
                    _tokens.Take();
                    body.Add(new TextStatement(token.Text));
                    break;
                case TokenKind.PrintBegin:
                    _tokens.Take();
                    body.Add(new PrintStatement(_expressions.ReadTuple()));
                    _tokens.Expect(TokenKind.PrintEnd, "\"}}\"");
                    break;
                case TokenKind.TagBegin when ends.Contains(_tokens.Following.Text):
                    _tokens.Take();
                    return [.. body];
                case TokenKind.TagBegin:
                    _tokens.Take();
                    body.Add(_tokens.Nested(One));
                    break;
                default:
                    if (opened is { } tag)
                        throw _tokens.Error("CT-01", tag.Line, $"the tag {tag.Describe()} is not closed with {ParScaleException.Quote(ends[^1])}");
                    return [.. body];
            }
        }
    }

    private Statement One()
    {
        Token tag = _tokens.Expect(TokenKind.Name, "the name of a tag");
        switch (tag.Text)
        {
            case "for": return For(tag);
            case "if": return If(tag);
            case "set": return Set(tag);
            case "macro": return _macros.Macro(tag);
            case "call": return _macros.Call(tag);
            case "with": return With(tag);
            case "block": return Block(tag);
            case "print": return Ended(new PrintStatement(_expressions.ReadTuple()));
            case "filter":
                Expression filter = Filters(tag);
                return new CaptureStatement(target: null, filter, new CapturedValue(tag.Line), Closed(tag, "endfilter"));
            case "generation": return new GenerationStatement(Closed(tag, "endgeneration"));
            case "autoescape":
                Expression isOn = _expressions.Read();
                return new AutoescapeStatement(isOn, Closed(tag, "endautoescape"));
            case "break" or "continue" when _loops > 0: return Ended(new FlowStatement(tag.Text == "break" ? Flow.Break : Flow.Continue));
            case "break" or "continue": throw _tokens.Error("CT-01", tag.Line, $"the tag {tag.Describe()} stands outside a loop");
        }
        if (Array.IndexOf(OtherFiles, tag.Text) >= 0)
            throw _tokens.Error("CT-08", tag.Line, $"the tag {tag.Describe()} would read another file; put everything into one template");
        throw _tokens.Error("CT-01", tag.Line, $"the tag {tag.Describe()} is unknown here");
    }

    private IfStatement If(Token tag)
    {
        var branches = new List<(Expression?, Statement[])>();
        Token branch = tag;
        while (branch.Text is "if" or "elif")
        {
            Expression test = _expressions.InBranch(() => _expressions.ReadTuple(withCondition: false));
            branches.Add((test, _expressions.InBranch(() => Opened(tag, "elif", "else", "endif"))));
            branch = _tokens.Take();
        }
        if (branch.Text == "else") branches.Add((null, _expressions.InBranch(() => Closed(tag, "endif"))));
        else End();
        return new IfStatement([.. branches]);
    }

    private ForStatement For(Token tag)
    {
        AssignmentTarget target = Target(endsBefore: "in");
        _tokens.Expect("in");
        Expression values = _expressions.ReadTuple(withCondition: false, endsBefore: "recursive");
        Expression? test = _tokens.TakeIf("if") ? _expressions.Read() : null;
        bool isRecursive = _tokens.TakeIf("recursive");
        _loops++;
        Statement[] body = Opened(tag, "else", "endfor");
        _loops--;
        Statement[] otherwise = [];
        if (_tokens.Take().Text == "else") otherwise = Closed(tag, "endfor");
        else End();
        return new ForStatement(tag.Line, target, values, test, body, otherwise, isRecursive);
    }

    private Statement Set(Token tag)
    {
        AssignmentTarget target = Target(endsBefore: "=");
        if (_tokens.TakeIf("=")) return Ended(new SetStatement(target, _expressions.ReadTuple()));
        Expression? filter = _tokens.TakeIf("|") ? Filters(tag) : null;
        return new CaptureStatement(target, filter, new CapturedValue(tag.Line), Closed(tag, "endset"));
    }

    private Expression Filters(Token tag)
    {
        Expression value = _expressions.Filter(new CapturedValue(tag.Line));
        while (_tokens.TakeIf("|")) value = _expressions.Filter(value);
        return value;
    }

    private WithStatement With(Token tag)
    {
        var variables = new List<(AssignmentTarget, Expression)>();
        while (_tokens.Current.Kind != TokenKind.TagEnd)
        {
            if (variables.Count > 0) _tokens.Expect(",");
            AssignmentTarget target = Single();
            _tokens.Expect("=");
            variables.Add((target, _expressions.Read()));
        }
        return new WithStatement([.. variables], Closed(tag, "endwith"));
    }

    private WithStatement Block(Token tag)
    {
        string name = _tokens.Expect(TokenKind.Name, "the name of a block").Text;
        while (_tokens.TakeIf("scoped") || _tokens.TakeIf("required"))
        {
        }
        Statement[] body = Opened(tag, "endblock");
        _tokens.Take();
        _tokens.TakeIf(name);
        End();
        return new WithStatement([], body);
    }

    private AssignmentTarget Target(string endsBefore)
    {
        int line = _tokens.Line;
        var parts = new List<AssignmentTarget> { Single() };
        bool isTuple = false;
        while (_tokens.TakeIf(","))
        {
            isTuple = true;
            if (_tokens.Current.Is(endsBefore)) break;
            parts.Add(Single());
        }
        return isTuple ? new AssignmentTarget("", null, [.. parts], line) : parts[0];
    }

    private AssignmentTarget Single()
    {
        int line = _tokens.Line;
        if (_tokens.TakeIf("("))
        {
            AssignmentTarget inner = _tokens.Nested(() => Target(endsBefore: ")"));
            _tokens.Expect(")");
            return inner;
        }
        string name = _tokens.Expect(TokenKind.Name, "a name").Text;
        if (name is "true" or "false" or "none" or "True" or "False" or "None")
            throw _tokens.Error("CT-01", line, $"{ParScaleException.Quote(name)} cannot be set");
        return new AssignmentTarget(name, _tokens.TakeIf(".") ? _tokens.Expect(TokenKind.Name, "a name").Text : null, [], line);
    }

    /// <summary>A body up to one of its tags, which stays.</summary>
    private Statement[] Opened(Token tag, params ReadOnlySpan<string> ends)
    {
        _tokens.TakeIf(":");
        End();
        return Body(tag, ends);
    }

    private Statement[] Closed(Token tag, string end)
    {
        Statement[] body = Opened(tag, end);
        _tokens.Take();
        End();
        return body;
    }

    /// <summary>The body of a macro: a loop around it cannot be left from within.</summary>
    private Statement[] Function(Token tag, string end)
    {
        (int loops, _loops) = (_loops, 0);
        Statement[] body = Closed(tag, end);
        _loops = loops;
        return body;
    }

    private T Ended<T>(T statement)
    {
        End();
        return statement;
    }

    private void End() => _tokens.Expect(TokenKind.TagEnd, "\"%}\"");
}
