using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Expressions;

/// <summary><c>a and b</c>, <c>a or b</c>: one of the two values, as in Python.</summary>
internal sealed class LogicExpression(Expression left, Expression right, bool isAnd, int line) : Expression(line, Over(left, right))
{
    public override Value Evaluate(Scope scope)
    {
        scope.Run.Step();
        Value first = left.Evaluate(scope);
        return first.IsTruthy == isAnd ? right.Evaluate(scope) : first;
    }
}

/// <summary><c>not a</c>.</summary>
internal sealed class NotExpression(Expression value, int line) : Expression(line, Over(value))
{
    public override Value Evaluate(Scope scope)
    {
        scope.Run.Step();
        return BoolValue.Of(!value.Evaluate(scope).IsTruthy);
    }
}

/// <summary><c>a if test else b</c>.</summary>
internal sealed class ConditionalExpression(Expression test, Expression value, Expression? otherwise, int line) : Expression(line, Over(test, value, otherwise))
{
    public override Value Evaluate(Scope scope)
    {
        scope.Run.Step();
        if (test.Evaluate(scope).IsTruthy) return value.Evaluate(scope);
        return otherwise?.Evaluate(scope) ?? new UndefinedValue($"the inline if of line {Line} was false and has no else");
    }
}

/// <summary>One step of a chain of comparisons.</summary>
internal sealed record ComparisonOperand(string Operator, Expression Value);

/// <summary><c>a == b</c>, <c>a &lt; b &lt; c</c>, <c>a in b</c>.</summary>
internal sealed class ComparisonExpression(Expression first, ComparisonOperand[] operands, int line)
    : Expression(line, Over([first, .. operands.Select(operand => operand.Value)]))
{
    public override Value Evaluate(Scope scope)
    {
        Value left = first.Evaluate(scope);
        foreach (ComparisonOperand operand in operands)
        {
            Value right = operand.Value.Evaluate(scope);
            scope.Run.Step();
            scope.Run.Line = Line;
            if (!Comparison.Holds(left, operand.Operator, right, scope.Run)) return BoolValue.False;
            left = right;
        }
        return BoolValue.True;
    }
}
