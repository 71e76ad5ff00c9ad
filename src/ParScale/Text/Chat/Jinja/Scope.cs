using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja;

/// <summary>
/// Variables of a template, of the body of a macro, or of one pass of a loop. What is set in it is gone when it ends; an <c>if</c> has
/// none of its own.
/// </summary>
internal sealed class Scope(Run run, Scope? outer)
{
    private readonly Dictionary<string, Value> _values = new(StringComparer.Ordinal);

    public Run Run => run;

    public Value this[string name]
    {
        set => _values[name] = value;
    }

    /// <summary>The value of the innermost variable of that name.</summary>
    public Value Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
            if (scope._values.TryGetValue(name, out Value? value)) return value;
        return UndefinedValue.Name(name);
    }

    private Scope? Outer => outer;
}
