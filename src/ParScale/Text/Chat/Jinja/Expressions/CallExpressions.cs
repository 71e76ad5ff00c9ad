using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Expressions;

/// <summary><c>function(arguments)</c>.</summary>
internal sealed class CallExpression(Expression function, ArgumentList arguments, int line)
    : Expression(line, Math.Max(function.Height, arguments.Height) + 1)
{
    public override Value Evaluate(Scope scope) => Call(scope, caller: null);

    /// <summary>Calls a macro on behalf of a call block, whose body it may ask for as <c>caller</c>.</summary>
    public Value Call(Scope scope, Value? caller)
    {
        Value target = function.Evaluate(scope);
        scope.Run.Step();
        scope.Run.Line = Line;
        scope.Run.RequireDefined(target);
        if (target is not CallableValue callable) throw scope.Run.Fails($"a value of type {target.TypeName} cannot be called");
        Arguments given = arguments.Evaluate(scope);
        if (caller is not null) given = given with { Named = [.. given.Named, new("caller", caller)] };
        scope.Run.Line = Line;
        return callable.Call(scope.Run, given);
    }
}

/// <summary><c>value|name(arguments)</c> or <c>value is name(arguments)</c>. A filter or test that does not exist fails when it runs.</summary>
internal sealed class BuiltinExpression(Expression value, string kind, Builtin? builtin, string name, ArgumentList arguments, int line)
    : Expression(line, Math.Max(value.Height, arguments.Height) + 1)
{
    public override Value Evaluate(Scope scope)
    {
        Value input = value.Evaluate(scope);
        Arguments given = arguments.Evaluate(scope);
        scope.Run.Step();
        scope.Run.Line = Line;
        return (builtin ?? throw scope.Run.Error("CT-02", $"has no {kind} named {ParScaleException.Quote(name)}")).Invoke(scope.Run, input, given);
    }
}
