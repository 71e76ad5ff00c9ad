using System.Text;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Functions;

/// <summary>Filters that make a text of the text of a value.</summary>
internal static class TextFilters
{
    public static readonly Builtin[] All =
    [
        new("upper", "", call => new TextValue(CaseMapping.Upper(call.Text, call.Run))),
        new("lower", "", call => new TextValue(CaseMapping.Lower(call.Text, call.Run))),
        new("capitalize", "", call => new TextValue(CaseMapping.Capitalize(call.Text, call.Run))),
        new("title", "", call => Words.Title(call.Text, c => !(PythonText.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<'), call.Run)),
        new("trim", "chars", call => new TextValue(TextOperations.Strip(call.Text, call.GivenText(0)?.Text))),
        new("string", "", call => new TextValue(call.Text)),
        new("safe", "", call => new TextValue(call.Text)),
        new("escape", "", Escape),
        new("e", "", Escape),
        new("forceescape", "", Escape),
        new("replace", "old new count", call => new TextValue(TextOperations.Replace(
            call.Text, Printer.Str(call.Required(0), call.Run).Text, Printer.Str(call.Required(1), call.Run), call.Int(2, -1), call.Run))),
        new("indent", "width first blank", call => new TextValue(
            Words.Indent(call.Text, call[0] is TextValue by ? by.Tagged : Spaces(call), call.Flag(1), call.Flag(2), call.Run))),
        new("center", "width", call => TextMethods.Find("center")!.Invoke(call.Run, new TextValue(call.Text), new Arguments([call[0] ?? IntValue.Template(80)], []))),
        new("truncate", "length killwords end leeway", call => new TextValue(Words.Truncate(new TextValue(call.Text), call.Int(0, 255), call.Flag(1),
            call.GivenText(2) is { } end ? new TextValue(end) : TextValue.Template("..."), call.Int(3, 5), call.Run))),
        new("wordcount", "", call => IntValue.Data(Words.Count(call.Text.Text))),
        new("format", "* **", call => PercentFormat.Apply(call.Text, call.Named.Length > 0
            ? call.Run.Dict(call.Named.Select(argument => new KeyValuePair<Value, Value>(TextValue.Data(argument.Key), argument.Value)))
            : call.Run.List(call.Rest, ListKind.Tuple), call.Run)),
        new("urlencode", "", UrlEncode),
    ];

    private static TaggedText Spaces(Call call) => TextOperations.Pad(TaggedText.Empty, call.Int(0, 4), 0, TaggedText.Template(" "), call.Run);

    private static TextValue Escape(Call call)
    {
        TaggedText text = call.Text;
        foreach ((string plain, string escaped) in new[] { ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ("\"", "&#34;") })
            text = TextOperations.Replace(text, plain, TaggedText.Data(escaped), -1, call.Run);
        return new TextValue(text);
    }

    private static TextValue UrlEncode(Call call)
    {
        if (call.Self is not DictValue dict) return TextValue.Data(Quoted(call.Text.Text, "/", call.Run));
        IEnumerable<string> pairs = dict.Entries.Select(entry => Part(entry.Key) + "=" + Part(entry.Value));
        return TextValue.Data(string.Join('&', pairs));

        string Part(Value value) => Quoted(Printer.Str(value, call.Run).Text, "", call.Run).Replace("%20", "+", StringComparison.Ordinal);
    }

    private static string Quoted(string text, string safe, Run run)
    {
        run.Charge(text.Length / 16);
        run.RequireCharacters(text.Length * 3L);
        return string.Concat(Encoding.UTF8.GetBytes(text).Select(code => char.IsAsciiLetterOrDigit((char)code) || "_.-~".Contains((char)code) || safe.Contains((char)code)
            ? ((char)code).ToString() : $"%{code:X2}"));
    }
}
