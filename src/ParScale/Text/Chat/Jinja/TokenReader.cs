using System.Runtime.CompilerServices;
using ParScale.Text.Chat.Jinja.Expressions;

namespace ParScale.Text.Chat.Jinja;

/// <summary>The tokens of a template, read one after the other; and how deeply what is read is nested.</summary>
internal sealed class TokenReader(List<Token> tokens, string file)
{
    private const int Deepest = 100;
    private const int LongestChain = 1000;
    private int _at;
    private int _depth;

    public Token Current => tokens[_at];

    public int Line => Current.Line;

    /// <summary>The token behind the current one.</summary>
    public Token Following => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public Token Take()
    {
        Token taken = Current;
        if (_at < tokens.Count - 1) _at++;
        return taken;
    }

    /// <summary>Takes the current token if it is that operator or keyword.</summary>
    public bool TakeIf(string text)
    {
        if (!Current.Is(text)) return false;
        Take();
        return true;
    }

    public Token Expect(TokenKind kind, string what) => Current.Kind == kind ? Take() : throw Unexpected(what);

    public void Expect(string text)
    {
        if (!TakeIf(text)) throw Unexpected(ParScaleException.Quote(text));
    }

    /// <summary>Reads something that may hold more of its kind.</summary>
    public T Nested<T>(Func<T> read)
    {
        if (++_depth > Deepest || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw Error("CT-06", $"is nested more than {Deepest} levels deep; the template is broken or hostile");
        T result = read();
        _depth--;
        return result;
    }

    /// <summary>Refuses a chain of operators or filters that would be evaluated too deeply.</summary>
    public void RequireShort(Expression chain)
    {
        if (chain.Height > LongestChain) throw Error("CT-06", $"has a chain of more than {LongestChain} operators; the template is broken or hostile");
    }

    public ParScaleException Unexpected(string expected) => Error("CT-01", $"expected {expected}, got {Current.Describe()}");

    public ParScaleException Error(string code, string detail) => Error(code, Line, detail);

    public ParScaleException Error(string code, int line, string detail) => ParScaleException.BadInput(code, file, $"line {line}: {detail}");
}
