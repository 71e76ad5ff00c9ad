using System.Text;
using ParScale.Text.Chat.Jinja.Formatting;
using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Texts;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Filters;

/// <summary>Filters that make a text of the text of a value.</summary>
internal static class TextFilters
{
    public static readonly Builtin[] All =
    [
        new("upper", "", call => call.Like(CaseMapping.Upper(call.Text, call.Run))),
        new("lower", "", call => call.Like(CaseMapping.Lower(call.Text, call.Run))),
        new("capitalize", "", call => call.Like(CaseMapping.Capitalize(call.Text, call.Run))),
        new("title", "", call => Words.Title(call.Text, c => !(PythonText.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<'), CaseMapping.Upper, call.Run)),
        new("trim", "chars", call => call.Like(TextOperations.Strip(call.Text, call.GivenText(0)?.Text))),
        new("string", "", call => call.Like(call.Text)),
        new("safe", "", call => new TextValue(call.Text, isMarkup: true)),
        new("escape", "", call => new TextValue(Markup.Of(call.Self, call.Run), isMarkup: true)),
        new("e", "", call => new TextValue(Markup.Of(call.Self, call.Run), isMarkup: true)),
        new("forceescape", "", call => new TextValue(Markup.Escape(call.Text, call.Run), isMarkup: true)),
        new("xmlattr", "autospace", XmlAttributes),
        new("replace", "old new count", call => new TextValue(TextOperations.Replace(
            call.Text, Printer.Str(call.Required(0), call.Run).Text, Printer.Str(call.Required(1), call.Run), call.Int(2, -1), call.Run))),
        new("indent", "width first blank", call => call.Like(
            Words.Indent(call.Text, call[0] is TextValue by ? by.Tagged : Spaces(call), call.Flag(1), call.Flag(2), call.Run))),
        new("center", "width", call => TextPadding.Center(new TextValue(call.Text), call.Int(0, 80), TaggedText.Template(" "), call.Run)),
        new("truncate", "length killwords end leeway", Truncate),
        new("wordwrap", "width break_long_words wrapstring break_on_hyphens", Wrap),
        new("striptags", "", call => new TextValue(Words.WithoutTags(call.Text, call.Run))),
        new("wordcount", "", call => IntValue.Data(Words.Count(call.Text.Text))),
        new("format", "* **", call => PercentFormat.Apply(call.Self as TextValue ?? new TextValue(call.Text), call.Named.Length > 0
            ? call.Run.Dict(call.Named.Select(argument => new KeyValuePair<Value, Value>(TextValue.Data(argument.Key), argument.Value)))
            : call.Run.List(call.Rest, ListKind.Tuple), call.Run)),
        new("urlencode", "", UrlEncode),
    ];

    private static TaggedText Spaces(Call call) => TextOperations.Pad(TaggedText.Empty, call.Int(0, 4), 0, TaggedText.Template(" "), call.Run);

    private static TextValue Wrap(Call call)
    {
        var wrap = new WordWrap(call.Int(0, 79), call.Flag(1, otherwise: true), call.Flag(3, otherwise: true), call.Run);
        return new TextValue(wrap.Wrap(call.Text, call.GivenText(2) ?? TaggedText.Data("\n")));
    }

    // A list that is short enough stays a list.
    private static Value Truncate(Call call)
    {
        (int length, int leeway) = (call.Int(0, 255), call.Int(3, 5));
        if (call.Self is ListValue or DictValue && call.Self.Breadth - 1 <= (long)length + leeway) return call.Self;
        if (call.Self is not TextValue text) throw call.Run.Fails($"'truncate' needs a text, not a value of type {call.Self.TypeName}");
        TextValue end = call.GivenText(2) is { } given ? new TextValue(given) : TextValue.Template("...");
        return new TextValue(Words.Truncate(text, length, call.Flag(1), end, leeway, call.Run));
    }

    private static TextValue XmlAttributes(Call call)
    {
        if (call.Self is not DictValue dict) throw call.Run.Fails($"'xmlattr' needs a dict, not a value of type {call.Self.TypeName}");
        var text = new TaggedTextBuilder(call.Run);
        foreach ((Value key, Value value) in dict.Entries.Where(entry => entry.Value is not (NoneValue or UndefinedValue)))
        {
            if (text.Length > 0 || call.Flag(0, otherwise: true)) text.Append(" ");
            text.Append(Markup.Of(key, call.Run)).Append("=\"").Append(Markup.Of(value, call.Run)).Append("\"");
        }
        return text.ToValue();
    }

    private static TextValue UrlEncode(Call call)
    {
        if (call.Self is not (DictValue or ListValue)) return TextValue.Data(Quoted(call.Text.Text, "/", call.Run));
        ListValue entries = call.Self as ListValue ?? ContainerMethods.Pairs((DictValue)call.Self, call.Run, ListKind.List);
        return TextValue.Data(string.Join('&', entries.Items.Select(Pair)));

        string Pair(Value pair) => Iteration.Items(pair, call.Run) is [var key, var value] ? Part(key) + "=" + Part(value)
            : throw call.Run.Fails("'urlencode' needs pairs of keys and values");

        string Part(Value value) => Quoted(Printer.Str(value, call.Run).Text, "", call.Run).Replace("%20", "+", StringComparison.Ordinal);
    }

    private static string Quoted(string text, string safe, Run run)
    {
        run.Charge(text.Length / 16);
        run.RequireCharacters(text.Length * 3L);
        return string.Concat(Encoding.UTF8.GetBytes(text).Select(code => IsPlain((char)code) ? ((char)code).ToString() : $"%{code:X2}"));

        bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || "_.-~".Contains(c) || safe.Contains(c);
    }
}
