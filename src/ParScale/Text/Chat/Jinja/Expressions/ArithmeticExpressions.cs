using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Expressions;

/// <summary><c>a + b</c> and its kind.</summary>
internal sealed class ArithmeticExpression(Expression left, string operation, Expression right, int line) : Expression(line, Over(left, right))
{
    public override Value Evaluate(Scope scope)
    {
        Value first = left.Evaluate(scope);
        Value second = right.Evaluate(scope);
        scope.Run.Step();
        scope.Run.Line = Line;
        return Arithmetic.Apply(first, operation, second, scope.Run);
    }
}

/// <summary><c>-a</c>, <c>+a</c>.</summary>
internal sealed class SignExpression(Expression value, bool isMinus, int line) : Expression(line, Over(value))
{
    public override Value Evaluate(Scope scope)
    {
        Value number = value.Evaluate(scope);
        scope.Run.Step();
        scope.Run.Line = Line;
        // Zero has a sign of its own.
        if (number is FloatValue real) return isMinus ? new FloatValue(-real.Number, real.FromTemplate) : real;
        return Arithmetic.Apply(IntValue.Template(0), isMinus ? "-" : "+", number, scope.Run);
    }
}

/// <summary><c>a ~ b</c>: the texts of both.</summary>
internal sealed class ConcatExpression(Expression[] parts, int line) : Expression(line, Over(parts))
{
    public override Value Evaluate(Scope scope)
    {
        scope.Run.Step();
        scope.Run.Line = Line;
        var text = new TaggedTextBuilder(scope.Run);
        foreach (Expression part in parts) text.Append(Printer.Str(part.Evaluate(scope), scope.Run));
        return text.ToValue();
    }
}
