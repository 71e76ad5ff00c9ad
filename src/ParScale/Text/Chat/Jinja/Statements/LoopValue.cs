using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Statements;

/// <summary>The variable <c>loop</c> of a loop.</summary>
internal sealed class LoopValue(Value[] items, int depth, Func<Value, Value>? recurse) : CallableValue("loop")
{
    private static readonly Builtin Cycle = new("cycle", "*", call => ((LoopValue)call.Self).CycleOver(call.Rest, call.Run));
    private static readonly Builtin Changed = new("changed", "*", call => BoolValue.Of(((LoopValue)call.Self).HasChanged(call.Rest)));

    private Value[]? _last;

    /// <summary>The pass, from 0.</summary>
    public int Index { get; set; }

    public override string TypeName => "LoopContext";

    public override string Shown => $"<LoopContext {Index + 1}/{items.Length}>";

    public override Value Call(Run run, Arguments arguments)
    {
        if (recurse is null) throw run.Fails("'loop' is called, but its loop is not marked as recursive");
        return arguments is { Positional: [var over], Named.Count: 0 } ? recurse(over) : throw run.Fails("'loop' takes one argument");
    }

    public Value? Field(string name) => name switch
    {
        "index" => IntValue.Template(Index + 1),
        "index0" => IntValue.Template(Index),
        "revindex" => IntValue.Template(items.Length - Index),
        "revindex0" => IntValue.Template(items.Length - Index - 1),
        "length" => IntValue.Template(items.Length),
        "depth" => IntValue.Template(depth + 1),
        "depth0" => IntValue.Template(depth),
        "first" => BoolValue.Of(Index == 0),
        "last" => BoolValue.Of(Index == items.Length - 1),
        "previtem" => Index > 0 ? items[Index - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => Index < items.Length - 1 ? items[Index + 1] : new UndefinedValue("there is no next item"),
        "cycle" => new BuiltinValue(Cycle, this),
        "changed" => new BuiltinValue(Changed, this),
        _ => null,
    };

    private Value CycleOver(Value[] values, Run run) => values.Length > 0 ? values[Index % values.Length]
        : throw run.Fails("'loop.cycle' needs values to cycle over");

    private bool HasChanged(Value[] values)
    {
        if (_last is not null && _last.SequenceEqual(values, ValueComparer.Instance)) return false;
        _last = values;
        return true;
    }
}
