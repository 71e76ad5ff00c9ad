using ParScale.Text.Chat.Jinja.Expressions;

namespace ParScale.Text.Chat.Jinja.Statements;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    /// <summary>What follows runs next.</summary>
    Next,

    /// <summary>The loop around it ends.</summary>
    Break,

    /// <summary>The loop around it takes its next element.</summary>
    Continue,
}

/// <summary>A part of a template that does something.</summary>
internal abstract class Statement
{
    /// <exception cref="ParScaleException">The template fails here, or its budget is spent.</exception>
    public abstract Flow Execute(Scope scope);

    /// <summary>Runs statements in order, up to one that leaves the loop around them.</summary>
    public static Flow Execute(Statement[] body, Scope scope)
    {
        foreach (Statement statement in body)
        {
            scope.Run.Step();
            Flow flow = statement.Execute(scope);
            if (flow != Flow.Next) return flow;
        }
        return Flow.Next;
    }
}

/// <summary>Text between tags.</summary>
internal sealed class TextStatement(string text) : Statement
{
    private readonly TaggedText _text = TaggedText.Template(text);

    public override Flow Execute(Scope scope)
    {
        scope.Run.Output.Append(_text, scope.Run.IsGenerating);
        return Flow.Next;
    }
}

/// <summary><c>{{ value }}</c>.</summary>
internal sealed class PrintStatement(Expression value) : Statement
{
    public override Flow Execute(Scope scope)
    {
        scope.Run.Write(value.Evaluate(scope));
        return Flow.Next;
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c>.</summary>
internal sealed class FlowStatement(Flow flow) : Statement
{
    public override Flow Execute(Scope scope) => flow;
}

/// <summary><c>{% if %}</c> with its <c>elif</c> and <c>else</c>, whose test is null.</summary>
internal sealed class IfStatement((Expression? Test, Statement[] Body)[] branches) : Statement
{
    public override Flow Execute(Scope scope)
    {
        foreach ((Expression? test, Statement[] body) in branches)
            if (test is null || test.Evaluate(scope).IsTruthy) return Execute(body, scope);
        return Flow.Next;
    }
}

/// <summary><c>{% generation %}</c>: marks what the model says.</summary>
internal sealed class GenerationStatement(Statement[] body) : Statement
{
    public override Flow Execute(Scope scope)
    {
        bool outer = scope.Run.IsGenerating;
        scope.Run.IsGenerating = true;
        Flow flow = Execute(body, new Scope(scope.Run, scope));
        scope.Run.IsGenerating = outer;
        return flow;
    }
}

/// <summary><c>{% autoescape %}</c>: whether values are written as HTML.</summary>
internal sealed class AutoescapeStatement(Expression isOn, Statement[] body) : Statement
{
    public override Flow Execute(Scope scope)
    {
        bool outer = scope.Run.IsEscaping;
        scope.Run.IsEscaping = isOn.Evaluate(scope).IsTruthy;
        Flow flow = Execute(body, new Scope(scope.Run, scope));
        scope.Run.IsEscaping = outer;
        return flow;
    }
}

/// <summary><c>{% with %}</c> and <c>{% block %}</c>: statements with variables of their own. Their values see the variables outside alone.</summary>
internal sealed class WithStatement((AssignmentTarget Target, Expression Value)[] variables, Statement[] body) : Statement
{
    public override Flow Execute(Scope scope)
    {
        var inner = new Scope(scope.Run, scope);
        foreach ((AssignmentTarget target, Expression value) in variables) target.Assign(value.Evaluate(scope), inner);
        return Execute(body, inner);
    }
}
