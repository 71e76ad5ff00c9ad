using ParScale.Text.Chat.Jinja.Expressions;
using ParScale.Text.Chat.Jinja.Filters;
using ParScale.Text.Chat.Jinja.Functions;

namespace ParScale.Text.Chat.Jinja;

/// <summary>Reads expressions: from "or", which binds least, to "**", signs, and what follows a value. Binds as Jinja does.</summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private readonly PrimaryParser _primary = new(tokens);
    private int _branches;

    /// <summary>The variables read so far.</summary>
    public IReadOnlyList<string> NamesRead => _primary.NamesRead;

    /// <summary>An expression, with its condition if it has one.</summary>
    public Expression Read() => tokens.Nested(Conditional);

    /// <summary>An expression without a condition: behind <c>for x in</c> an <c>if</c> belongs to the loop.</summary>
    public Expression ReadWithoutCondition() => tokens.Nested(Or);

    /// <summary>One or more expressions; several are a tuple. An empty one is read only within parentheses.</summary>
    public Expression ReadTuple(bool withCondition = true, bool inParentheses = false, string? endsBefore = null)
    {
        int line = tokens.Line;
        var items = new List<Expression>();
        bool isTuple = false;
        while (!IsTupleEnd())
        {
            items.Add(withCondition ? Read() : ReadWithoutCondition());
            if (!tokens.TakeIf(",")) break;
            isTuple = true;
        }
        if (!isTuple && items.Count == 1) return items[0];
        if (items.Count == 0 && !inParentheses) throw tokens.Unexpected("an expression");
        return new ListExpression([.. items], isTuple: true, line);

        bool IsTupleEnd() => tokens.Current.Kind is TokenKind.PrintEnd or TokenKind.TagEnd || tokens.Current.Is(")")
            || (endsBefore is not null && tokens.Current.Is(endsBefore));
    }

    /// <summary>Uses of filters and tests that do not exist and that run whenever the template does.</summary>
    public List<ParScaleException> Unknown { get; } = [];

    /// <summary>What is read may not run at all: then an unknown filter or test is an error only where it is used, as for Jinja.</summary>
    public T InBranch<T>(Func<T> read)
    {
        _branches++;
        T result = read();
        _branches--;
        return result;
    }

    /// <summary>Filters behind a value, each behind its <c>|</c>; or behind nothing, as at the head of a filter block.</summary>
    public Expression Filter(Expression value)
    {
        int line = tokens.Line;
        string name = DottedName("the name of a filter");
        ArgumentList arguments = tokens.Current.Is("(") ? CallArguments() : ArgumentList.None;
        return new BuiltinExpression(value, "filter", Known(FilterTable.Find(name), "filter", name, line), name, arguments, line);
    }

    public ArgumentList CallArguments()
    {
        tokens.Expect("(");
        var positional = new List<Expression>();
        var named = new List<KeyValuePair<string, Expression>>();
        Expression? spread = null;
        Expression? spreadNamed = null;
        while (!tokens.TakeIf(")"))
        {
            if (spreadNamed is not null) throw tokens.Unexpected("\")\"");
            if (tokens.TakeIf("**")) spreadNamed = Read();
            else if (tokens.TakeIf("*")) spread = Read();
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Following.Is("="))
            {
                string name = tokens.Take().Text;
                tokens.Take();
                named.Add(new(name, Read()));
            }
            else if (named.Count == 0 && spread is null) positional.Add(Read());
            else throw tokens.Unexpected("an argument with a name");
            if (!tokens.Current.Is(")")) tokens.Expect(",");
        }
        return new ArgumentList([.. positional], [.. named], spread, spreadNamed);
    }

    private Expression Conditional()
    {
        int known = Unknown.Count;
        Expression value = Or();
        while (tokens.Current.Is("if"))
        {
            Unknown.RemoveRange(known, Unknown.Count - known);
            int line = tokens.Take().Line;
            Expression test = InBranch(Or);
            Expression? otherwise = tokens.TakeIf("else") ? InBranch(Read) : null;
            value = new ConditionalExpression(test, value, otherwise, line);
            tokens.RequireShort(value);
        }
        return value;
    }

    private Expression Or() => Chain(And, "or", (left, right, line) => new LogicExpression(left, right, isAnd: false, line));

    private Expression And() => Chain(Not, "and", (left, right, line) => new LogicExpression(left, right, isAnd: true, line));

    private Expression Not()
    {
        if (!tokens.Current.Is("not")) return Comparison();
        int line = tokens.Take().Line;
        return new NotExpression(tokens.Nested(Not), line);
    }

    private Expression Comparison()
    {
        int line = tokens.Line;
        Expression first = Sum();
        var operands = new List<ComparisonOperand>();
        while (ComparisonOperator() is { } name) operands.Add(new ComparisonOperand(name, Sum()));
        return operands.Count == 0 ? first : new ComparisonExpression(first, [.. operands], line);
    }

    private string? ComparisonOperator()
    {
        if (Array.Find(Comparisons, tokens.TakeIf) is { } name) return name;
        if (tokens.TakeIf("in")) return "in";
        if (!tokens.Current.Is("not") || !tokens.Following.Is("in")) return null;
        tokens.Take();
        tokens.Take();
        return "not in";
    }

    private Expression Sum() => Chain(Concatenation, ["+", "-"]);

    private Expression Concatenation()
    {
        int line = tokens.Line;
        Expression first = Product();
        if (!tokens.Current.Is("~")) return first;
        var parts = new List<Expression> { first };
        while (tokens.TakeIf("~")) parts.Add(Product());
        return new ConcatExpression([.. parts], line);
    }

    private Expression Product() => Chain(Power, ["*", "/", "//", "%"]);

    private Expression Power() => Chain(() => Unary(withFilter: true), ["**"]);

    private Expression Unary(bool withFilter)
    {
        int line = tokens.Line;
        Expression value = tokens.TakeIf("-") ? new SignExpression(tokens.Nested(() => Unary(withFilter: false)), isMinus: true, line)
            : tokens.TakeIf("+") ? new SignExpression(tokens.Nested(() => Unary(withFilter: false)), isMinus: false, line)
            : _primary.Read(this);
        value = Suffixes(value);
        return withFilter ? FiltersAndTests(value) : value;
    }

    private Expression Suffixes(Expression value)
    {
        while (true)
        {
            int line = tokens.Line;
            if (tokens.Current.Is("(")) value = new CallExpression(value, CallArguments(), line);
            else if (tokens.Current.Is(".") || tokens.Current.Is("[")) value = _primary.Subscript(value, this);
            else return value;
            tokens.RequireShort(value);
        }
    }

    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            int line = tokens.Line;
            if (tokens.TakeIf("|")) value = Filter(value);
            else if (tokens.TakeIf("is")) value = Test(value, line);
            else if (tokens.Current.Is("(")) value = new CallExpression(value, CallArguments(), line);
            else return value;
            tokens.RequireShort(value);
        }
    }

    private Expression Test(Expression value, int line)
    {
        bool negated = tokens.TakeIf("not");
        string name = DottedName("the name of a test");
        ArgumentList arguments = ArgumentList.None;
        if (tokens.Current.Is("(")) arguments = CallArguments();
        else if (tokens.Current.Is("is")) throw tokens.Error("CT-01", "tests cannot be chained with \"is\"");
        else if (BeginsArgument()) arguments = new ArgumentList([Suffixes(_primary.Read(this))], [], null, null);
        Expression test = new BuiltinExpression(value, "test", Known(TestTable.Find(name), "test", name, line), name, arguments, line);
        return negated ? new NotExpression(test, line) : test;
    }

    // "x is divisibleby 3": the argument may stand without parentheses.
    private bool BeginsArgument() => tokens.Current.Kind switch
    {
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Name => !(tokens.Current.Is("else") || tokens.Current.Is("or") || tokens.Current.Is("and")),
        _ => tokens.Current.Is("[") || tokens.Current.Is("{"),
    } && !tokens.Current.Is("if");

    private Builtin? Known(Builtin? found, string kind, string name, int line)
    {
        if (found is null && _branches == 0) Unknown.Add(tokens.Error("CT-02", line, $"has no {kind} named {ParScaleException.Quote(name)}"));
        return found;
    }

    private string DottedName(string what)
    {
        string name = tokens.Expect(TokenKind.Name, what).Text;
        while (tokens.TakeIf(".")) name += "." + tokens.Expect(TokenKind.Name, what).Text;
        return name;
    }

    private Expression Chain(Func<Expression> read, string name, Func<Expression, Expression, int, Expression> join)
    {
        Expression left = read();
        while (tokens.Current.Is(name))
        {
            int line = tokens.Take().Line;
            left = join(left, read(), line);
            tokens.RequireShort(left);
        }
        return left;
    }

    private Expression Chain(Func<Expression> read, string[] names)
    {
        Expression left = read();
        while (Array.Find(names, tokens.Current.Is) is { } name)
        {
            int line = tokens.Take().Line;
            left = new ArithmeticExpression(left, name, read(), line);
            tokens.RequireShort(left);
        }
        return left;
    }
}
