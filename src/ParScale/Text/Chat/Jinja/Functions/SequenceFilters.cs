using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Functions;

/// <summary>Filters of sequences as a whole.</summary>
internal static class SequenceFilters
{
    public static readonly Builtin[] All =
    [
        new("first", "", call => call.Items() is [var first, ..] ? first : new UndefinedValue("there is no first item: the sequence is empty")),
        new("last", "", call => call.Items() is [.., var last] ? last : new UndefinedValue("there is no last item: the sequence is empty")),
        new("length", "", Length),
        new("count", "", Length),
        new("list", "", call => call.Run.List([.. call.Items()])),
        new("join", "d attribute", Join),
        new("reverse", "", Reverse),
        new("sort", "reverse case_sensitive attribute", Sort),
        new("unique", "case_sensitive attribute", Unique),
        new("min", "case_sensitive attribute", call => Extreme(call, descending: false)),
        new("max", "case_sensitive attribute", call => Extreme(call, descending: true)),
        new("sum", "attribute start", Sum),
        new("batch", "linecount fill_with", Batch),
        new("slice", "slices fill_with", Slice),
        new("groupby", "attribute default case_sensitive", GroupBy),
    ];

    private static IntValue Length(Call call) => call.Self switch
    {
        TextValue text => IntValue.Data(text.Count),
        ListValue or DictValue or UndefinedValue => IntValue.Data(call.Items().Length),
        _ => throw call.Run.Fails($"a value of type {call.Self.TypeName} has no length"),
    };

    private static TextValue Join(Call call)
    {
        TaggedText separator = call.Given(0) is { } given ? Printer.Str(given, call.Run) : TaggedText.Empty;
        return new TextValue(TextOperations.Join(call.Items().Select(item => Printer.Str(Filters.Attribute(item, call[1], null, call.Run), call.Run)), separator, call.Run));
    }

    private static Value Reverse(Call call)
    {
        Value[] items = [.. call.Items().Reverse()];
        return call.Self is TextValue ? new TextValue(TextOperations.Join(items.Select(item => ((TextValue)item).Tagged), TaggedText.Empty, call.Run)) : call.Run.List(items);
    }

    private static ListValue Sort(Call call)
    {
        string[] attributes = call.Given(2) is { } given ? Printer.Str(given, call.Run).Text.Split(',') : [];
        return call.Run.List(ValueOrder.Sort(call.Items(), Key, call.Flag(0), call.Run));

        Value Key(Value item) => attributes.Length == 0 ? Filters.SortKey(item, call.Flag(1), call.Run)
            : call.Run.List([.. attributes.Select(attribute => Filters.SortKey(Filters.Attribute(item, TextValue.Data(attribute), null, call.Run), call.Flag(1), call.Run))]);
    }

    private static ListValue Unique(Call call)
    {
        var seen = new HashSet<Value>(ValueComparer.Instance);
        return call.Run.List([.. call.Items().Where(item =>
            seen.Add(call.Run.RequireKey(Filters.SortKey(Filters.Attribute(item, call[1], null, call.Run), call.Flag(0), call.Run))))]);
    }

    private static Value Extreme(Call call, bool descending) => call.Items() is { Length: > 0 } items
        ? ValueOrder.Sort(items, item => Filters.SortKey(Filters.Attribute(item, call[1], null, call.Run), call.Flag(0), call.Run), descending, call.Run)[0]
        : new UndefinedValue("there is no item: the sequence is empty");

    private static Value Sum(Call call) => call.Items().Aggregate(call[1] ?? IntValue.Template(0),
        (sum, item) => Arithmetic.Apply(sum, "+", Filters.Attribute(item, call[0], null, call.Run), call.Run));

    private static ListValue Batch(Call call)
    {
        int count = call.Int(0, 0);
        if (count < 1) throw call.Wrong(0, "a number above 0");
        IEnumerable<Value[]> batches = call.Items().Chunk(count);
        return call.Run.List([.. batches.Select(batch => call.Run.List(call.Given(1) is { } fill ? Filled(batch, fill, count, call.Run) : batch))]);
    }

    private static Value[] Filled(Value[] batch, Value fill, int count, Run run)
    {
        run.Charge(count);
        run.RequireCharacters(count);
        return [.. batch, .. Enumerable.Repeat(fill, count - batch.Length)];
    }

    private static ListValue Slice(Call call)
    {
        Value[] items = call.Items();
        int count = call.Int(0, 0);
        if (count < 1) throw call.Wrong(0, "a number above 0");
        call.Run.Charge(count);
        call.Run.RequireCharacters(count);
        var slices = new List<Value>();
        int start = 0;
        for (int i = 0; i < count; i++)
        {
            int length = items.Length / count + (i < items.Length % count ? 1 : 0);
            Value[] slice = items[start..(start + length)];
            if (call.Given(1) is { } fill && i >= items.Length % count && items.Length % count > 0) slice = [.. slice, fill];
            slices.Add(call.Run.List(slice));
            start += length;
        }
        return call.Run.List([.. slices]);
    }

    private static ListValue GroupBy(Call call)
    {
        bool caseSensitive = call.Flag(2);
        Value Attribute(Value item) => Filters.Attribute(item, call.Required(0), call[1], call.Run);
        Value Key(Value item) => Filters.SortKey(Attribute(item), caseSensitive, call.Run);
        var groups = new List<Value>();
        var group = new List<Value>();
        foreach (Value item in ValueOrder.Sort(call.Items(), Key, descending: false, call.Run))
        {
            if (group.Count > 0 && !ValueComparer.Instance.Equals(Key(group[0]), Key(item))) Close();
            group.Add(item);
        }
        if (group.Count > 0) Close();
        return call.Run.List([.. groups]);

        void Close()
        {
            groups.Add(call.Run.List([Attribute(group[0]), call.Run.List([.. group])], ListKind.Tuple));
            group.Clear();
        }
    }
}
