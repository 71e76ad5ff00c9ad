using ParScale.Text.Chat.Jinja.Expressions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Statements;

/// <summary><c>{% set target = value %}</c>.</summary>
internal sealed class SetStatement(AssignmentTarget target, Expression value) : Statement
{
    public override Flow Execute(Scope scope)
    {
        target.Assign(value.Evaluate(scope), scope);
        return Flow.Next;
    }
}

/// <summary>
/// What its body writes, as a value that a filter may change: <c>{% set target %}</c> keeps it, <c>{% filter %}</c> writes it.
/// </summary>
internal sealed class CaptureStatement(AssignmentTarget? target, Expression? filter, CapturedValue captured, Statement[] body) : Statement
{
    public override Flow Execute(Scope scope)
    {
        Flow flow = Flow.Next;
        var inner = new Scope(scope.Run, scope);
        TaggedText text = scope.Run.Capture(() => flow = Execute(body, inner));
        inner[CapturedValue.Name] = new TextValue(text);
        Value value = (filter ?? captured).Evaluate(inner);
        if (target is null) scope.Run.Write(value);
        else target.Assign(value, scope);
        return flow;
    }
}

/// <summary>What a body wrote, where its filters begin.</summary>
internal sealed class CapturedValue(int line) : Expression(line, height: 1)
{
    /// <summary>No template can use such a name.</summary>
    public const string Name = "(captured)";

    public override Value Evaluate(Scope scope) => scope.Find(Name);
}
