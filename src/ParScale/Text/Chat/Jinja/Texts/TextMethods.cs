using ParScale.Text.Chat.Jinja.Formatting;
using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Texts;

/// <summary>The methods of texts.</summary>
internal static class TextMethods
{
    private static readonly Dictionary<string, Builtin> All = Builtin.Table(
        [
            new("upper", "", call => call.Like(CaseMapping.Upper(call.Text, call.Run))),
            new("lower", "", call => call.Like(CaseMapping.Lower(call.Text, call.Run))),
            new("casefold", "", call => call.Like(CaseMapping.Lower(TextOperations.Replace(call.Text, "\u00DF", TaggedText.Data("ss"), -1, call.Run), call.Run))),
            new("capitalize", "", call => call.Like(CaseMapping.Capitalize(call.Text, call.Run))),
            new("swapcase", "", call => call.Like(CaseMapping.Swap(call.Text, call.Run))),
            new("title", "", call => Words.Title(call.Text, char.IsLetter, CaseMapping.Title, call.Run)),
            new("strip", "chars", call => call.Like(TextOperations.Strip(call.Text, call.GivenText(0)?.Text))),
            new("lstrip", "chars", call => call.Like(TextOperations.Strip(call.Text, call.GivenText(0)?.Text, right: false))),
            new("rstrip", "chars", call => call.Like(TextOperations.Strip(call.Text, call.GivenText(0)?.Text, left: false))),
            new("removeprefix", "prefix", call => WithoutEnd(call, atStart: true)),
            new("removesuffix", "suffix", call => WithoutEnd(call, atStart: false)),
            new("replace", "old new count", call => call.Like(
                TextOperations.Replace(call.Text, call.RequiredText(0).Text, Beside(call, call.Required(1)), call.Int(2, -1), call.Run))),
            new("join", "iterable", Join),
            new("format", "* **", call => Format(call, call.Rest, call.Named)),
            new("encode", "* **", NotSupported),
            new("translate", "* **", NotSupported),
            new("maketrans", "* **", NotSupported),
            new("format_map", "mapping", call => Format(call, [], Pairs(call))),
        ],
        [
            new("split", "sep maxsplit", call => Split(call, fromRight: false)),
            new("rsplit", "sep maxsplit", call => Split(call, fromRight: true)),
            new("splitlines", "keepends", call => List(call, TextOperations.SplitLines(call.Text, call.Flag(0), call.Run))),
            new("partition", "sep", call => Partition(call, fromRight: false)),
            new("rpartition", "sep", call => Partition(call, fromRight: true)),
        ],
        TextSearch.Methods,
        TextPadding.Methods,
        TextQuestions.Methods);

    public static Builtin? Find(string name) => All.GetValueOrDefault(name);

    private static Value NotSupported(Call call) => throw call.Run.Fails($"the method '{call.Function.Name}' of a text is not supported");

    private static TextValue WithoutEnd(Call call, bool atStart)
    {
        (TaggedText text, string end) = (call.Text, call.RequiredText(0).Text);
        bool has = atStart ? text.Text.StartsWith(end, StringComparison.Ordinal) : text.Text.EndsWith(end, StringComparison.Ordinal);
        return call.Like(has ? text.Slice(atStart ? end.Length : 0, text.Length - end.Length) : text);
    }

    private static TextValue Join(Call call) =>
        call.Like(TextOperations.Join(Iteration.Items(call.Required(0), call.Run).Select(item => Beside(call, item)), call.Text, call.Run));

    /// <summary>A text that is put together with the value of a call: escaped if that is HTML and it is not.</summary>
    private static TaggedText Beside(Call call, Value value) => value is not TextValue text
        ? throw call.Run.Fails($"'{call.Function.Name}' is given a value of type {value.TypeName}; it needs texts")
        : IsMarkup(call) ? Markup.Of(text, call.Run) : text.Tagged;

    private static TextValue Format(Call call, Value[] positional, KeyValuePair<string, Value>[] named) =>
        call.Like(new BraceFormat(positional, named, IsMarkup(call), call.Run).Apply(call.Text).ToText());

    private static bool IsMarkup(Call call) => call.Self is TextValue { IsMarkup: true };

    private static ListValue Split(Call call, bool fromRight) => List(call, call.GivenText(0) is { } separator
        ? TextOperations.Split(call.Text, separator.Text, call.Int(1, -1), fromRight, call.Run)
        : TextOperations.SplitWords(call.Text, call.Int(1, -1), fromRight, call.Run));

    private static ListValue List(Call call, List<TaggedText> parts) => call.Run.List([.. parts.Select(call.Like)]);

    private static ListValue Partition(Call call, bool fromRight)
    {
        (TaggedText text, TaggedText separator) = (call.Text, call.RequiredText(0));
        if (separator.Length == 0) throw call.Run.Fails("the separator is empty");
        Comparison.ChargeSearch(text.Text, separator.Text, call.Run);
        int at = fromRight ? text.Text.LastIndexOf(separator.Text, StringComparison.Ordinal) : text.Text.IndexOf(separator.Text, StringComparison.Ordinal);
        if (at < 0) return Parts(fromRight ? [TaggedText.Empty, TaggedText.Empty, text] : [text, TaggedText.Empty, TaggedText.Empty]);
        int end = at + separator.Length;
        return Parts([text.Slice(0, at), text.Slice(at, separator.Length), text.Slice(end, text.Length - end)]);

        ListValue Parts(TaggedText[] parts) => call.Run.List([.. parts.Select(call.Like)], ListKind.Tuple);
    }

    private static KeyValuePair<string, Value>[] Pairs(Call call) => call.Required(0) is DictValue dict
        ? [.. dict.Entries.Where(entry => entry.Key is TextValue).Select(entry => new KeyValuePair<string, Value>(((TextValue)entry.Key).Text, entry.Value))]
        : throw call.Wrong(0, "a dict");
}
