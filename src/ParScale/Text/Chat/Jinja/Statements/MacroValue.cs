using ParScale.Text.Chat.Jinja.Expressions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Statements;

/// <summary>A macro, with the variables that it sees where it stands.</summary>
internal sealed class MacroValue(MacroDefinition definition, Scope outer) : CallableValue(definition.Name)
{
    private const string Rest = "varargs";
    private const string RestNamed = "kwargs";
    private const string Caller = "caller";

    public override string TypeName => "Macro";

    public override Value Call(Run run, Arguments arguments)
    {
        var scope = new Scope(run, outer);
        Bind(arguments, scope);
        return new TextValue(run.Capture(() => Statement.Execute(definition.Body, scope)));
    }

    public Value? Field(string name) => name switch
    {
        "name" => TextValue.Template(Name),
        "caller" => BoolValue.Of(definition.Names.Contains(Caller)),
        "catch_varargs" => BoolValue.Of(definition.Names.Contains(Rest)),
        "catch_kwargs" => BoolValue.Of(definition.Names.Contains(RestNamed)),
        "arguments" => new ListValue([.. definition.Parameters.Select(parameter => TextValue.Template(parameter.Name))], ListKind.Tuple),
        _ => null,
    };

    private void Bind(Arguments arguments, Scope scope)
    {
        Run run = scope.Run;
        (string Name, Expression? Default)[] parameters = definition.Parameters;
        if (arguments.Positional.Length > parameters.Length && !definition.Names.Contains(Rest))
            throw run.Fails($"macro '{Name}' takes not more than {parameters.Length} arguments");
        var named = new Dictionary<string, Value>(arguments.Named, StringComparer.Ordinal);
        for (int i = 0; i < parameters.Length; i++)
        {
            (string name, Expression? otherwise) = parameters[i];
            bool isNamed = named.Remove(name, out Value? value);
            if (i < arguments.Positional.Length)
            {
                if (isNamed) throw run.Fails($"macro '{Name}' is given two values for '{name}'");
                value = arguments.Positional[i];
            }
            scope[name] = value ?? otherwise?.Evaluate(scope) ?? new UndefinedValue($"parameter '{name}' was not provided");
        }
        if (definition.Names.Contains(Caller)) scope[Caller] = named.Remove(Caller, out Value? caller) ? caller : new UndefinedValue("no caller is defined");
        if (definition.Names.Contains(Rest)) scope[Rest] = run.List([.. arguments.Positional.Skip(parameters.Length)], ListKind.Tuple);
        if (definition.Names.Contains(RestNamed))
        {
            scope[RestNamed] = run.Dict(arguments.Named.Where(argument => named.ContainsKey(argument.Key))
                .Select(argument => new KeyValuePair<Value, Value>(TextValue.Data(argument.Key), argument.Value)));
        }
        else if (named.Count > 0)
        {
            throw run.Fails($"macro '{Name}' takes no keyword argument '{named.Keys.First()}'");
        }
    }
}
