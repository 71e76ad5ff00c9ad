using System.Globalization;
using System.Numerics;

namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>What kind of sequence a <see cref="ListValue"/> is for Python.</summary>
internal enum ListKind
{
    /// <summary>A list.</summary>
    List,

    /// <summary>A tuple, which may be a key.</summary>
    Tuple,

    /// <summary>The keys of a dict.</summary>
    Keys,

    /// <summary>The values of a dict.</summary>
    Values,

    /// <summary>The pairs of a dict.</summary>
    Items,

    /// <summary>A range of numbers.</summary>
    Range,
}

/// <summary>A sequence. Make one with <see cref="Run.List"/>, which counts its cost.</summary>
internal sealed class ListValue : Value
{
    public ListValue(Value[] items, ListKind kind = ListKind.List)
    {
        (Items, Kind) = (items, kind);
        long size = 1;
        foreach (Value item in items)
        {
            Depth = Math.Max(Depth, item.Depth + 1);
            size = Math.Min(size + item.Size, long.MaxValue >> 8);
        }
        Size = size;
    }

    public Value[] Items { get; }

    public ListKind Kind { get; }

    /// <summary>Names of the elements, where they have some.</summary>
    public string[] Names { get; init; } = [];

    /// <summary>What a range was made of, which its elements need not tell.</summary>
    public NumberRange Range { get; init; }

    public override string TypeName => Kind switch
    {
        ListKind.List => "list",
        ListKind.Tuple => "tuple",
        ListKind.Range => "range",
        ListKind.Keys => "dict_keys",
        ListKind.Values => "dict_values",
        _ => "dict_items",
    };

    public override bool IsTruthy => Items.Length > 0;

    public override int Depth { get; }

    public override long Size { get; }

    public override long Breadth => 1 + Items.Length;
}

/// <summary>The arguments of <c>range</c>.</summary>
internal readonly record struct NumberRange(BigInteger Start, BigInteger Stop, BigInteger Step)
{
    public override string ToString() => Step.IsOne ? string.Create(CultureInfo.InvariantCulture, $"range({Start}, {Stop})")
        : string.Create(CultureInfo.InvariantCulture, $"range({Start}, {Stop}, {Step})");
}

/// <summary>A dict in the order of its keys' first appearance. Make one with <see cref="Run.Dict"/>, which counts its cost.</summary>
internal sealed class DictValue : Value
{
    public DictValue(OrderedDictionary<Value, Value> entries)
    {
        Entries = entries;
        long size = 1;
        foreach ((Value key, Value value) in entries)
        {
            Depth = Math.Max(Depth, Math.Max(key.Depth, value.Depth) + 1);
            size = Math.Min(size + key.Size + value.Size, long.MaxValue >> 8);
        }
        Size = size;
    }

    /// <summary>Keys and values; never changed.</summary>
    public OrderedDictionary<Value, Value> Entries { get; }

    public override string TypeName => "dict";

    public override bool IsTruthy => Entries.Count > 0;

    public override int Depth { get; }

    public override long Size { get; }

    public override long Breadth => 1 + Entries.Count;

    /// <summary>The value of a key that is a text; null when there is none.</summary>
    public Value? Find(string key) => Entries.GetValueOrDefault(TextValue.Data(key));
}
