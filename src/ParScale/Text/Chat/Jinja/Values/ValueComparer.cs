using System.Numerics;

namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>Equality as Python has it: numbers of all types by value, texts by their characters, containers by their elements.</summary>
internal sealed class ValueComparer : IEqualityComparer<Value>
{
    public static ValueComparer Instance { get; } = new();

    public bool Equals(Value? x, Value? y) => ReferenceEquals(x, y) || (x, y) switch
    {
        (TextValue a, TextValue b) => a.Text == b.Text,
        (ListValue a, ListValue b) => a.Kind == b.Kind && a.Items.AsSpan().SequenceEqual(b.Items, this),
        (DictValue a, DictValue b) => a.Entries.Count == b.Entries.Count
            && a.Entries.All(entry => b.Entries.TryGetValue(entry.Key, out Value? value) && Equals(entry.Value, value)),
        (UndefinedValue, UndefinedValue) => true,
        (null, _) or (_, null) => false,
        _ => Whole(x) is { } a && Whole(y) is { } b ? a == b : Real(x) is { } c && Real(y) is { } d && c == d,
    };

    public int GetHashCode(Value obj) => obj switch
    {
        TextValue text => text.Text.GetHashCode(StringComparison.Ordinal),
        FloatValue { Number: var number } when !double.IsInteger(number) => number.GetHashCode(),
        FloatValue { Number: var number } => new BigInteger(number).GetHashCode(),
        ListValue list => list.Items.Aggregate(list.Items.Length, (hash, item) => HashCode.Combine(hash, GetHashCode(item))),
        _ => Whole(obj)?.GetHashCode() ?? 0,
    };

    /// <summary>A whole number, or true and false as 1 and 0.</summary>
    public static BigInteger? Whole(Value? value) => value switch
    {
        IntValue number => number.Number,
        BoolValue flag => flag.IsTrue ? BigInteger.One : BigInteger.Zero,
        _ => null,
    };

    /// <summary>Any number in double precision.</summary>
    public static double? Real(Value? value) => value is FloatValue real ? real.Number : Whole(value) is { } whole ? (double)whole : null;
}
