using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Expressions;

/// <summary>A part of a template that has a value.</summary>
/// <param name="line">The line it begins on.</param>
/// <param name="height">Levels of expressions within it.</param>
internal abstract class Expression(int line, int height)
{
    public int Line => line;

    /// <summary>How many levels of calls its evaluation takes at most.</summary>
    public int Height => height;

    /// <exception cref="ParScaleException">The template fails here, or its budget is spent.</exception>
    public abstract Value Evaluate(Scope scope);

    /// <summary>The height of what holds these.</summary>
    protected static int Over(params ReadOnlySpan<Expression?> parts)
    {
        int height = 0;
        foreach (Expression? part in parts) height = Math.Max(height, part?.Height ?? 0);
        return height + 1;
    }
}

/// <summary>A literal.</summary>
internal sealed class Constant(Value value, int line) : Expression(line, height: 1)
{
    public Value Value => value;

    public override Value Evaluate(Scope scope) => value;
}

/// <summary>A variable.</summary>
internal sealed class NameExpression(string name, int line) : Expression(line, height: 1)
{
    public string Name => name;

    public override Value Evaluate(Scope scope)
    {
        scope.Run.Step();
        return scope.Find(name);
    }
}

/// <summary><c>[a, b]</c>, or <c>(a, b)</c>.</summary>
internal sealed class ListExpression(Expression[] items, bool isTuple, int line) : Expression(line, Over(items))
{
    public Expression[] Items => items;

    public override Value Evaluate(Scope scope)
    {
        scope.Run.Step();
        return scope.Run.List([.. items.Select(item => item.Evaluate(scope))], isTuple ? ListKind.Tuple : ListKind.List);
    }
}

/// <summary><c>{key: value}</c>.</summary>
internal sealed class DictExpression(KeyValuePair<Expression, Expression>[] entries, int line)
    : Expression(line, Over([.. entries.SelectMany(entry => new[] { entry.Key, entry.Value })]))
{
    public override Value Evaluate(Scope scope)
    {
        scope.Run.Step();
        return scope.Run.Dict(entries.Select(entry => new KeyValuePair<Value, Value>(entry.Key.Evaluate(scope), entry.Value.Evaluate(scope))));
    }
}
