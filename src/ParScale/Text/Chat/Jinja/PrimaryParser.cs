using System.Globalization;
using System.Numerics;
using ParScale.Text.Chat.Jinja.Expressions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja;

/// <summary>Reads names, literals, lists, dicts and what stands in parentheses; and subscripts.</summary>
internal sealed class PrimaryParser(TokenReader tokens)
{
    private const int LongestNumber = 4300;

    /// <summary>The variables read so far.</summary>
    public List<string> NamesRead { get; } = [];

    public Expression Read(ExpressionParser expressions)
    {
        Token token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Take();
                if (Keyword(token.Text) is { } value) return new Constant(value, token.Line);
                NamesRead.Add(token.Text);
                return new NameExpression(token.Text, token.Line);
            case TokenKind.String:
                return new Constant(TextValue.Template(Strings()), token.Line);
            case TokenKind.Integer:
            case TokenKind.Float:
                tokens.Take();
                return new Constant(Number(token), token.Line);
        }
        if (tokens.TakeIf("("))
        {
            Expression inner = expressions.ReadTuple(inParentheses: true);
            tokens.Expect(")");
            return inner;
        }
        if (tokens.TakeIf("[")) return new ListExpression([.. Items("]", expressions.Read)], isTuple: false, token.Line);
        if (tokens.TakeIf("{")) return new DictExpression([.. Items("}", () => Entry(expressions))], token.Line);
        throw tokens.Unexpected("an expression");
    }

    /// <summary>The current token, <c>.</c> or <c>[</c>, and what it takes from a value.</summary>
    public Expression Subscript(Expression value, ExpressionParser expressions)
    {
        int line = tokens.Line;
        if (tokens.TakeIf("."))
        {
            Token name = tokens.Take();
            return name.Kind switch
            {
                TokenKind.Name => new AttributeExpression(value, name.Text, line),
                TokenKind.Integer => new ItemExpression(value, new Constant(Number(name), line), line),
                _ => throw tokens.Error("CT-01", name.Line, $"expected a name or number behind a dot, got {name.Describe()}"),
            };
        }
        tokens.Expect("[");
        if (tokens.Current.Is("]")) throw tokens.Unexpected("an index");
        Expression[] keys = [.. Items("]", () => IndexOrSlice(expressions, line))];
        if (keys is not [var key]) return new ItemExpression(value, new ListExpression(keys, isTuple: true, line), line);
        return key is SliceBounds bounds ? new SliceExpression(value, bounds, line) : new ItemExpression(value, key, line);
    }

    private static Value? Keyword(string name) => name switch
    {
        "true" or "True" => BoolValue.True,
        "false" or "False" => BoolValue.False,
        "none" or "None" => NoneValue.Instance,
        _ => null,
    };

    private Expression IndexOrSlice(ExpressionParser expressions, int line)
    {
        Expression? start = tokens.Current.Is(":") ? null : expressions.Read();
        if (start is not null && !tokens.Current.Is(":")) return start;
        tokens.Expect(":");
        Expression? stop = Bound();
        Expression? step = tokens.TakeIf(":") ? Bound() : null;
        return new SliceBounds(start, stop, step, line);

        Expression? Bound() => tokens.Current.Is(":") || tokens.Current.Is("]") || tokens.Current.Is(",") ? null : expressions.Read();
    }

    private IEnumerable<T> Items<T>(string close, Func<T> read)
    {
        while (!tokens.TakeIf(close))
        {
            yield return read();
            if (!tokens.Current.Is(close)) tokens.Expect(",");
        }
    }

    private KeyValuePair<Expression, Expression> Entry(ExpressionParser expressions)
    {
        Expression key = expressions.Read();
        tokens.Expect(":");
        return new(key, expressions.Read());
    }

    // Literals that follow each other are one, as in Python.
    private string Strings()
    {
        string text = tokens.Take().Text;
        while (tokens.Current.Kind == TokenKind.String) text += tokens.Take().Text;
        return text;
    }

    private Value Number(Token token)
    {
        if (token.Kind == TokenKind.Float) return new FloatValue(double.Parse(token.Text, CultureInfo.InvariantCulture), fromTemplate: true);
        string text = token.Text.ToLowerInvariant();
        int radix = text.Length < 2 ? 10 : text[1] switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 };
        string digits = radix == 10 ? text : text[2..];
        if (digits.Length is 0 or > LongestNumber) throw tokens.Error("CT-01", token.Line, $"{token.Describe()} is no number");
        BigInteger number = digits.Aggregate(BigInteger.Zero, (value, digit) => value * radix + (char.IsAsciiDigit(digit) ? digit - '0' : digit - 'a' + 10));
        return IntValue.Template(number);
    }
}
