using ParScale.Text.Chat.Jinja.Expressions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Statements;

/// <summary><c>{% for target in values if test %}</c>. Its <c>else</c> runs when no pass reached its end, as in Jinja.</summary>
internal sealed class ForStatement(
    int line, AssignmentTarget target, Expression values, Expression? test, Statement[] body, Statement[] otherwise, bool isRecursive) : Statement
{
    public override Flow Execute(Scope scope) => Loop(values.Evaluate(scope), scope, depth: 0);

    /// <summary>The text of the loop over other values: <c>loop(values)</c> within a recursive one.</summary>
    public TextValue Recurse(Value over, Scope scope, int depth) => new(scope.Run.Capture(() => Loop(over, scope, depth)));

    private Flow Loop(Value over, Scope scope, int depth)
    {
        scope.Run.Line = line;
        Value[] items = Iteration.Items(over, scope.Run);
        if (test is not null) items = [.. items.Where(item => Passes(item, test, scope))];
        var loop = new LoopValue(items, depth, isRecursive ? next => Recurse(next, scope, depth + 1) : null);
        bool isDone = false;
        for (int i = 0; i < items.Length; i++)
        {
            loop.Index = i;
            var pass = new Scope(scope.Run, scope);
            target.Assign(items[i], pass);
            pass["loop"] = loop;
            Flow flow = Execute(body, pass);
            if (flow == Flow.Break) break;
            isDone |= flow == Flow.Next;
        }
        return isDone ? Flow.Next : Execute(otherwise, new Scope(scope.Run, scope));
    }

    private bool Passes(Value item, Expression condition, Scope scope)
    {
        scope.Run.Step();
        var inner = new Scope(scope.Run, scope);
        target.Assign(item, inner);
        return condition.Evaluate(inner).IsTruthy;
    }
}
