using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Functions;

/// <summary>What <c>cycler()</c> makes: gives its values one after the other, and begins again.</summary>
internal sealed class CyclerValue(Value[] items) : Value
{
    private static readonly Builtin Next = new("next", "", call => ((CyclerValue)call.Self).Advance());
    private static readonly Builtin Reset = new("reset", "", call => ((CyclerValue)call.Self).Restart());

    private int _at;

    public override string TypeName => "Cycler";

    public Value? Field(string name) => name switch
    {
        "current" => items[_at],
        "next" => new BuiltinValue(Next, this),
        "reset" => new BuiltinValue(Reset, this),
        _ => null,
    };

    private Value Advance()
    {
        Value current = items[_at];
        _at = (_at + 1) % items.Length;
        return current;
    }

    private NoneValue Restart()
    {
        _at = 0;
        return NoneValue.Instance;
    }
}

/// <summary>What <c>joiner()</c> makes: nothing at its first call, then its separator.</summary>
internal sealed class JoinerValue(Value separator) : CallableValue("joiner")
{
    private bool _isUsed;

    public override string TypeName => "Joiner";

    public override Value Call(Run run, Arguments arguments)
    {
        Value result = _isUsed ? separator : TextValue.Empty;
        _isUsed = true;
        return result;
    }
}
