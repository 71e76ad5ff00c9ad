using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Texts;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Filters;

/// <summary>Filters of sequences as a whole.</summary>
internal static class SequenceFilters
{
    private static readonly string[] GroupNames = ["grouper", "list"];

    public static readonly Builtin[] All =
    [
        new("first", "", call => First(call) ?? new UndefinedValue("there is no first item: the sequence is empty"), isCheap: true),
        new("last", "", call => Sequence(call) is [.., var last] ? last : new UndefinedValue("there is no last item: the sequence is empty"), isCheap: true),
        new("length", "", Length, isCheap: true),
        new("count", "", Length, isCheap: true),
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
        // The same one every time: a chat must not depend on chance.
        new("random", "", call => Sequence(call) is { Length: > 0 } items ? items[items.Length / 2] : new UndefinedValue("there is no item: the sequence is empty"), isCheap: true),
        new("groupby", "attribute default case_sensitive", GroupBy),
    ];

    private static Value? First(Call call) => call.Self is GeneratorValue generator ? generator.TakeOne() : call.Items() is [var first, ..] ? first : null;

    private static Value[] Sequence(Call call) => call.Self is GeneratorValue ? throw NoLength(call) : call.Items();

    private static ParScaleException NoLength(Call call) => call.Run.Fails($"a value of type {call.Self.TypeName} has no length; write it as a list first");

    private static IntValue Length(Call call) => call.Self switch
    {
        TextValue text => IntValue.Data(text.Count),
        ListValue list => IntValue.Data(list.Items.Length),
        DictValue dict => IntValue.Data(dict.Entries.Count),
        UndefinedValue => IntValue.Data(0),
        _ => throw NoLength(call),
    };

    private static TextValue Join(Call call)
    {
        TaggedText separator = call.Given(0) is { } given ? Printer.Str(given, call.Run) : TaggedText.Empty;
        IEnumerable<TaggedText> texts = call.Items().Select(item => Printer.Str(FilterTable.Attribute(item, call[1], null, call.Run), call.Run));
        return new TextValue(TextOperations.Join(texts, separator, call.Run));
    }

    private static Value Reverse(Call call)
    {
        Value[] items = [.. call.Items().Reverse()];
        if (call.Self is GeneratorValue) return call.Run.List(items);
        if (call.Self is not TextValue) return call.Run.Generator(items);
        return new TextValue(TextOperations.Join(items.Select(item => ((TextValue)item).Tagged), TaggedText.Empty, call.Run));
    }

    private static ListValue Sort(Call call)
    {
        string[] attributes = call.Given(2) is { } given ? Printer.Str(given, call.Run).Text.Split(',') : [];
        return call.Run.List(ValueOrder.Sort(call.Items(), Key, call.Flag(0), call.Run));

        Value Key(Value item) => attributes.Length == 0 ? FilterTable.SortKey(item, call.Flag(1), call.Run)
            : call.Run.List([.. attributes.Select(attribute => Part(item, attribute))]);

        Value Part(Value item, string attribute) =>
            FilterTable.SortKey(FilterTable.Attribute(item, TextValue.Data(attribute), null, call.Run), call.Flag(1), call.Run);
    }

    private static GeneratorValue Unique(Call call)
    {
        var seen = new HashSet<Value>(ValueComparer.Instance);
        return call.Run.Generator(call.Items().Where(item =>
        {
            Value key = Key(call, item, attribute: 1, caseSensitive: 0);
            call.Run.Charge(key.Size);
            return seen.Add(call.Run.RequireKey(key));
        }));
    }

    private static Value Extreme(Call call, bool descending) => call.Items() is { Length: > 0 } items
        ? ValueOrder.Sort(items, item => Key(call, item, attribute: 1, caseSensitive: 0), descending, call.Run)[0]
        : new UndefinedValue("there is no item: the sequence is empty");

    // By the arguments that name an attribute and say whether case counts.
    private static Value Key(Call call, Value item, int attribute, int caseSensitive) =>
        FilterTable.SortKey(FilterTable.Attribute(item, call[attribute], null, call.Run), call.Flag(caseSensitive), call.Run);

    private static Value Sum(Call call) => call.Items().Aggregate(call[1] ?? IntValue.Template(0),
        (sum, item) => Arithmetic.Apply(sum, "+", FilterTable.Attribute(item, call[0], null, call.Run), call.Run));

    private static GeneratorValue Batch(Call call)
    {
        int count = call.Int(0, 0);
        if (count < 1) throw call.Wrong(0, "a number above 0");
        IEnumerable<Value[]> batches = call.Items().Chunk(count);
        return call.Run.Generator(batches.Select(batch => call.Run.List(call.Given(1) is { } fill ? Filled(batch, fill, count, call.Run) : batch)));
    }

    private static Value[] Filled(Value[] batch, Value fill, int count, Run run)
    {
        run.Charge(count);
        run.RequireCharacters(count);
        return [.. batch, .. Enumerable.Repeat(fill, count - batch.Length)];
    }

    private static GeneratorValue Slice(Call call)
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
        return call.Run.Generator(slices);
    }

    private static ListValue GroupBy(Call call)
    {
        bool caseSensitive = call.Flag(2);
        Value Attribute(Value item) => FilterTable.Attribute(item, call.Required(0), call[1], call.Run);
        Value Key(Value item) => FilterTable.SortKey(Attribute(item), caseSensitive, call.Run);
        var groups = new List<Value>();
        var group = new List<Value>();
        foreach (Value item in ValueOrder.Sort(call.Items(), Key, descending: false, call.Run))
        {
            if (group.Count > 0 && !Comparison.Holds(Key(group[0]), "==", Key(item), call.Run)) Close();
            group.Add(item);
        }
        if (group.Count > 0) Close();
        return call.Run.List([.. groups]);

        void Close()
        {
            groups.Add(new ListValue([Attribute(group[0]), call.Run.List([.. group])], ListKind.Tuple) { Names = GroupNames });
            group.Clear();
        }
    }
}
