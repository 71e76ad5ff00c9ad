using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Statements;
using ParScale.Text.Chat.Jinja.Texts;

namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>What stands behind a dot or in brackets: entries of dicts, elements, fields of a namespace, and the methods listed here.</summary>
internal static class Members
{
    private static readonly string[] Changing =
        ["append", "extend", "insert", "remove", "pop", "popitem", "clear", "sort", "reverse", "update", "setdefault", "add", "discard"];

    /// <summary><c>value.name</c>: a method or field, else an entry.</summary>
    public static Value Attribute(Value value, string name, Run run)
    {
        run.RequireDefined(value);
        return Own(value, name) ?? (value as DictValue)?.Find(name) ?? Missing(value, name);
    }

    /// <summary><c>value[key]</c>: an entry or element, else a method or field.</summary>
    public static Value Item(Value value, Value key, Run run)
    {
        run.RequireDefined(value);
        run.Charge(key.Size);
        bool isKey = key is not (DictValue or NamespaceValue or UndefinedValue);
        if (value is DictValue dict && isKey && dict.Entries.TryGetValue(run.RequireKey(key), out Value? entry)) return entry;
        if (ValueComparer.Whole(key) is { } index && Count(value) is { } count)
        {
            if (index.Sign < 0) index += count;
            if (index.Sign >= 0 && index < count) return Element(value, (int)index, run);
        }
        return key is TextValue name ? Own(value, name.Text) ?? Missing(value, name.Text)
            : new UndefinedValue($"a value of type {value.TypeName} has no element {ParScaleException.Escape(Printer.Repr(key, run).Text)}");
    }

    private static UndefinedValue Missing(Value value, string name) => new(value is ListValue or DictValue && Array.IndexOf(Changing, name) >= 0
        ? $"templates cannot change a {value.TypeName}, so it has no '{name}'"
        : value is NoneValue ? $"None has no attribute '{name}'" : $"'{value.TypeName} object' has no attribute '{name}'");

    /// <summary>A method or field; null when there is none of that name.</summary>
    public static Value? Own(Value value, string name)
    {
        if (value is NamespaceValue space) return space.Fields.GetValueOrDefault(name);
        if (value is LoopValue loop) return loop.Field(name);
        if (value is MacroValue macro) return macro.Field(name);
        if (value is CyclerValue cycler) return cycler.Field(name);
        if (NumberMethods.Part(value, name) is { } part) return part;
        if (value is ListValue named && Array.IndexOf(named.Names, name) is >= 0 and int at) return named.Items[at];
        Builtin? method = value switch
        {
            TextValue => TextMethods.Find(name),
            DictValue => ContainerMethods.OfDict(name),
            ListValue => ContainerMethods.OfList(name),
            IntValue or FloatValue or BoolValue => NumberMethods.Find(name),
            _ => null,
        };
        return method is null ? null : new BuiltinValue(method, value);
    }

    private static int? Count(Value value) => value switch
    {
        TextValue text => text.Count,
        ListValue { Kind: ListKind.List or ListKind.Tuple or ListKind.Range } list => list.Items.Length,
        _ => null,
    };

    private static Value Element(Value value, int index, Run run)
    {
        if (value is ListValue list) return list.Items[index];
        var text = (TextValue)value;
        run.Charge(text.Size);
        int offset = text.OffsetOf(index);
        int units = char.IsHighSurrogate(text.Text[offset]) && offset + 1 < text.Text.Length && char.IsLowSurrogate(text.Text[offset + 1]) ? 2 : 1;
        return new TextValue(text.Tagged.Slice(offset, units), text.IsMarkup);
    }
}
