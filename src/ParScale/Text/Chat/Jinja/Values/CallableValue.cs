using ParScale.Text.Chat.Jinja.Functions;

namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>Something that can be called.</summary>
internal abstract class CallableValue(string name) : Value
{
    public string Name => name;

    public override string TypeName => "function";

    public override string Shown => $"<{TypeName} '{Name}'>";

    public abstract Value Call(Run run, Arguments arguments);
}

/// <summary>A function that this program has, bound to the value whose method it is, if any.</summary>
internal sealed class BuiltinValue(Builtin builtin, Value self) : CallableValue(builtin.Name)
{
    public override Value Call(Run run, Arguments arguments) => builtin.Invoke(run, self, arguments);
}

/// <summary>What a call is given.</summary>
/// <param name="Positional">Arguments without a name.</param>
/// <param name="Named">Arguments with one.</param>
internal sealed record Arguments(Value[] Positional, IReadOnlyList<KeyValuePair<string, Value>> Named)
{
    public static Arguments None { get; } = new([], []);
}
