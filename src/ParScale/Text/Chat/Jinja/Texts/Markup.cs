using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Texts;

/// <summary>Text that counts as HTML: what is put together with it is escaped, as Python's <c>Markup</c> does.</summary>
internal static class Markup
{
    private static readonly (string Plain, string Escaped)[] Entities = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ("\"", "&#34;")];

    /// <summary>The text of a value with the characters of HTML replaced, unless it is HTML.</summary>
    public static TaggedText Of(Value value, Run run) => value is TextValue { IsMarkup: true } text ? text.Tagged : Escape(Printer.Str(value, run), run);

    /// <summary>Two texts as one, which is HTML if one of them is.</summary>
    public static TextValue Concat(TextValue left, TextValue right, Run run)
    {
        bool isMarkup = left.IsMarkup || right.IsMarkup;
        var text = new TaggedTextBuilder(run);
        text.Append(isMarkup ? Of(left, run) : left.Tagged).Append(isMarkup ? Of(right, run) : right.Tagged);
        return new TextValue(text.ToText(), isMarkup);
    }

    /// <summary>The text with the characters of HTML replaced.</summary>
    public static TaggedText Escape(TaggedText text, Run run)
    {
        foreach ((string plain, string escaped) in Entities) text = TextOperations.Replace(text, plain, TaggedText.Data(escaped), -1, run);
        return text;
    }
}
