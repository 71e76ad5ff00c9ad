using ParScale.Text.Chat.Jinja.Expressions;

namespace ParScale.Text.Chat.Jinja.Statements;

/// <summary>What a macro is made of.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Its parameters, with their defaults.</param>
/// <param name="Body">Its statements.</param>
/// <param name="Names">The variables that the body reads; <c>varargs</c>, <c>kwargs</c> and <c>caller</c> among them say what it takes.</param>
internal sealed record MacroDefinition(string Name, (string Name, Expression? Default)[] Parameters, Statement[] Body, IReadOnlySet<string> Names);

/// <summary><c>{% macro name(parameters) %}</c>.</summary>
internal sealed class MacroStatement(MacroDefinition definition) : Statement
{
    public override Flow Execute(Scope scope)
    {
        scope[definition.Name] = new MacroValue(definition, scope);
        return Flow.Next;
    }
}

/// <summary><c>{% call(parameters) macro(arguments) %}</c>: the macro may write the body as <c>caller(arguments)</c>.</summary>
internal sealed class CallStatement(MacroDefinition caller, CallExpression call) : Statement
{
    public override Flow Execute(Scope scope)
    {
        scope.Run.Write(call.Call(scope, new MacroValue(caller, scope)));
        return Flow.Next;
    }
}
