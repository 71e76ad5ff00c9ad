using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Statements;

/// <summary>What a value is given to: a name, a field of a namespace, or several names that share its elements.</summary>
/// <param name="Name">The name; empty for several.</param>
/// <param name="Field">The field of the namespace of that name; null for the name itself.</param>
/// <param name="Parts">The several; empty for one.</param>
/// <param name="Line">Its line.</param>
internal sealed record AssignmentTarget(string Name, string? Field, AssignmentTarget[] Parts, int Line)
{
    public void Assign(Value value, Scope scope)
    {
        Run run = scope.Run;
        if (Parts.Length > 0)
        {
            run.Line = Line;
            run.RequireDefined(value);
            Value[] items = Iteration.Items(value, run);
            if (items.Length != Parts.Length) throw run.Fails($"{items.Length} values are given to {Parts.Length} names");
            for (int i = 0; i < items.Length; i++) Parts[i].Assign(items[i], scope);
        }
        else if (Field is null)
        {
            scope[Name] = value;
        }
        else
        {
            run.Line = Line;
            if (scope.Find(Name) is not NamespaceValue space) throw run.Fails($"'{Name}' is no namespace, so its fields cannot be set");
            space.Fields[Field] = value;
        }
    }
}
