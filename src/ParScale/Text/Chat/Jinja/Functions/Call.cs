using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Functions;

/// <summary>One call of a <see cref="Builtin"/>.</summary>
/// <param name="Run">Whose budget it takes.</param>
/// <param name="Function">What is called.</param>
/// <param name="Self">The value that a filter or test stands behind, or whose method it is.</param>
/// <param name="Arguments">The arguments in the order of the parameters; null for those that are not given.</param>
/// <param name="Rest">Further arguments.</param>
/// <param name="Named">Further named ones.</param>
internal sealed record Call(Run Run, Builtin Function, Value Self, Value?[] Arguments, Value[] Rest, KeyValuePair<string, Value>[] Named)
{
    /// <summary>The value as a text.</summary>
    public TaggedText Text => Printer.Str(Self, Run);

    /// <summary>A text that is HTML if the value is.</summary>
    public TextValue Like(TaggedText text) => new(text, Self is TextValue { IsMarkup: true });

    /// <summary>An argument; null when it is not given.</summary>
    public Value? this[int index] => Arguments[index];

    /// <summary>An argument; null when it is not given or None.</summary>
    public Value? Given(int index) => Arguments[index] is NoneValue ? null : Arguments[index];

    /// <exception cref="ParScaleException">The argument is not given.</exception>
    public Value Required(int index) => Arguments[index] ?? throw Run.Fails($"'{Function.Name}' needs the argument '{Function.Parameter(index)}'");

    /// <exception cref="ParScaleException">The argument is not given, or is no text.</exception>
    public TaggedText RequiredText(int index) => Required(index) is TextValue text ? text.Tagged : throw Wrong(index, "a text");

    /// <exception cref="ParScaleException">The argument is no text.</exception>
    public TaggedText? GivenText(int index) => Given(index) is { } value ? (value as TextValue)?.Tagged ?? throw Wrong(index, "a text") : null;

    /// <exception cref="ParScaleException">The argument is no whole number that fits.</exception>
    public int Int(int index, int otherwise)
    {
        if (Given(index) is not { } value) return otherwise;
        if (ValueComparer.Whole(value) is not { } number) throw Wrong(index, "a whole number");
        return number >= int.MinValue && number <= int.MaxValue ? (int)number : throw Wrong(index, "a number of modest size");
    }

    /// <summary>Whether an argument counts as true.</summary>
    public bool Flag(int index, bool otherwise = false) => Arguments[index]?.IsTruthy ?? otherwise;

    /// <summary>The elements of the value.</summary>
    public Value[] Items() => Iteration.Items(Self, Run);

    public ParScaleException Wrong(int index, string expected) =>
        Run.Fails($"the argument '{Function.Parameter(index)}' of '{Function.Name}' is of type {Arguments[index]?.TypeName}; it must be {expected}");
}
