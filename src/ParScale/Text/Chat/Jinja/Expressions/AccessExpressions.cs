using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Expressions;

/// <summary><c>value.name</c>.</summary>
internal sealed class AttributeExpression(Expression value, string name, int line) : Expression(line, Over(value))
{
    public override Value Evaluate(Scope scope)
    {
        Value target = value.Evaluate(scope);
        scope.Run.Step();
        scope.Run.Line = Line;
        return Members.Attribute(target, name, scope.Run);
    }
}

/// <summary><c>value[key]</c>.</summary>
internal sealed class ItemExpression(Expression value, Expression key, int line) : Expression(line, Over(value, key))
{
    public override Value Evaluate(Scope scope)
    {
        Value target = value.Evaluate(scope);
        Value at = key.Evaluate(scope);
        scope.Run.Step();
        scope.Run.Line = Line;
        return Members.Item(target, at, scope.Run);
    }
}

/// <summary>What stands between the brackets of <c>value[start:stop:step]</c>.</summary>
internal sealed class SliceBounds(Expression? start, Expression? stop, Expression? step, int line) : Expression(line, Over(start, stop, step))
{
    /// <summary>A slice is no value of its own.</summary>
    public override Value Evaluate(Scope scope) => new UndefinedValue("a slice cannot be one of several indices");

    public (Value? Start, Value? Stop, Value? Step) Bounds(Scope scope) => (start?.Evaluate(scope), stop?.Evaluate(scope), step?.Evaluate(scope));
}

/// <summary><c>value[start:stop:step]</c>.</summary>
internal sealed class SliceExpression(Expression value, SliceBounds bounds, int line) : Expression(line, Over(value, bounds))
{
    public override Value Evaluate(Scope scope)
    {
        Value target = value.Evaluate(scope);
        (Value? start, Value? stop, Value? step) = bounds.Bounds(scope);
        scope.Run.Step();
        scope.Run.Line = Line;
        return Slicing.Slice(target, start, stop, step, scope.Run);
    }
}
