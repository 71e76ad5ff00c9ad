using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Texts;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Filters;

/// <summary>Filters of any value, and of dicts.</summary>
internal static class ValueFilters
{
    public static readonly Builtin[] All =
    [
        new("default", "default_value boolean", Default, isCheap: true),
        new("d", "default_value boolean", Default, isCheap: true),
        new("attr", "name", call => Members.Own(call.Self, call.RequiredText(0).Text) ?? UndefinedValue.Name(call.RequiredText(0).Text)),
        new("items", "", call => call.Self switch
        {
            DictValue dict => call.Run.Generator(ContainerMethods.Pairs(dict, call.Run, ListKind.List).Items),
            UndefinedValue => call.Run.Generator([]),
            _ => throw call.Run.Fails($"a value of type {call.Self.TypeName} has no items"),
        }),
        new("dictsort", "case_sensitive by reverse", DictSort),
        new("pprint", "", call => new TextValue(Printer.Repr(call.Self, call.Run))),
        new("tojson", "ensure_ascii indent separators sort_keys", ToJson),
    ];

    private static Value Default(Call call) =>
        call.Self is UndefinedValue || (call.Flag(1) && !call.Self.IsTruthy) ? call[0] ?? TextValue.Empty : call.Self;

    private static ListValue DictSort(Call call)
    {
        if (call.Self is not DictValue dict) throw call.Run.Fails($"'dictsort' needs a dict, not a value of type {call.Self.TypeName}");
        string by = call.GivenText(1)?.Text ?? "key";
        if (by is not ("key" or "value")) throw call.Run.Fails("'dictsort' sorts by key or by value");
        ListValue pairs = ContainerMethods.Pairs(dict, call.Run, ListKind.List);
        return call.Run.List(ValueOrder.Sort(pairs.Items,
            pair => FilterTable.SortKey(((ListValue)pair).Items[by == "key" ? 0 : 1], call.Flag(0), call.Run), call.Flag(2), call.Run));
    }

    private static TextValue ToJson(Call call)
    {
        TaggedText? indent = call.Given(1) switch
        {
            null => null,
            TextValue text => text.Tagged,
            _ => TextOperations.Pad(TaggedText.Empty, call.Int(1, 0), 0, TaggedText.Data(" "), call.Run),
        };
        (TaggedText items, TaggedText keys) = call.Given(2) switch
        {
            null => (TaggedText.Data(indent is null ? ", " : ","), TaggedText.Data(": ")),
            ListValue { Items: [TextValue first, TextValue second] } => (first.Tagged, second.Tagged),
            _ => throw call.Wrong(2, "a pair of texts"),
        };
        return new JsonWriter(indent, items, keys, call.Flag(0), call.Flag(3), call.Run).Write(call.Self);
    }
}
