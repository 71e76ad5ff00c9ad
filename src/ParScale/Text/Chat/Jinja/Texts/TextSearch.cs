using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Texts;

/// <summary>Methods that look for a text within a text. Places are counted in characters, within bounds as those of a slice.</summary>
internal static class TextSearch
{
    public static readonly Builtin[] Methods =
    [
        new("startswith", "prefix start end", call => Ends(call, atStart: true)),
        new("endswith", "suffix start end", call => Ends(call, atStart: false)),
        new("find", "sub start end", call => Find(call, fromRight: false, required: false)),
        new("rfind", "sub start end", call => Find(call, fromRight: true, required: false)),
        new("index", "sub start end", call => Find(call, fromRight: false, required: true)),
        new("rindex", "sub start end", call => Find(call, fromRight: true, required: true)),
        new("count", "sub start end", Count),
    ];

    private static BoolValue Ends(Call call, bool atStart)
    {
        Value given = call.Required(0);
        Value[] ends = given is ListValue { Kind: ListKind.Tuple } several ? several.Items : [given];
        string? text = Bounded(call, out _);
        return BoolValue.Of(text is not null && ends.Any(end => end is not TextValue part ? throw call.Wrong(0, "a text or a tuple of texts")
            : atStart ? text.StartsWith(part.Text, StringComparison.Ordinal) : text.EndsWith(part.Text, StringComparison.Ordinal)));
    }

    private static IntValue Find(Call call, bool fromRight, bool required)
    {
        string part = call.RequiredText(0).Text;
        string? text = Bounded(call, out int start);
        int found = text is null ? -1 : fromRight ? text.LastIndexOf(part, StringComparison.Ordinal) : text.IndexOf(part, StringComparison.Ordinal);
        if (found < 0 && required) throw call.Run.Fails($"'{call.Function.Name}' does not find its text");
        return IntValue.Data(found < 0 ? -1 : ((TextValue)call.Self).IndexOf(start + found));
    }

    private static IntValue Count(Call call)
    {
        string part = call.RequiredText(0).Text;
        string? text = Bounded(call, out _);
        if (text is null) return IntValue.Data(0);
        if (part.Length == 0) return IntValue.Data(TextValue.Data(text).Count + 1);
        return IntValue.Data(text.AsSpan().Count(part));
    }

    /// <summary>The part of the text that is searched, and where it begins; null when its bounds are crossed.</summary>
    private static string? Bounded(Call call, out int start)
    {
        var text = (TextValue)call.Self;
        if (call[0] is TextValue part) Comparison.ChargeSearch(text.Text, part.Text, call.Run);
        start = 0;
        if (call.Given(1) is null && call.Given(2) is null) return text.Text;
        int count = text.Count;
        (int from, int to) = Slicing.Range(count, call.Given(1), call.Given(2), call.Run);
        start = text.OffsetOf(from);
        return from > to || call.Int(1, 0) > count ? null : text.Text[start..text.OffsetOf(to)];
    }
}
