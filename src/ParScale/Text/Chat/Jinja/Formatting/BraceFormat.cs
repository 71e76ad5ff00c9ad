using System.Globalization;
using ParScale.Text.Chat.Jinja.Texts;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Formatting;

/// <summary>Python's <c>'{} and {name}'.format(a, name=b)</c>.</summary>
internal sealed class BraceFormat(Value[] positional, KeyValuePair<string, Value>[] named, bool escapes, Run run)
{
    private const int Deepest = 2;
    private int _next;

    /// <exception cref="ParScaleException">The format is malformed, or names what is not given.</exception>
    public TaggedTextBuilder Apply(TaggedText format) => Apply(format, depth: 0);

    private TaggedTextBuilder Apply(TaggedText format, int depth)
    {
        if (depth > Deepest) throw run.Fails("the fields of a format are nested too deeply");
        var text = new TaggedTextBuilder(run);
        for (int at = 0; at < format.Length;)
        {
            int brace = format.Text.AsSpan(at).IndexOfAny('{', '}');
            if (brace < 0) return text.Append(format, at, format.Length - at);
            text.Append(format, at, brace);
            at += brace;
            bool isDoubled = at + 1 < format.Length && format.Text[at + 1] == format.Text[at];
            if (isDoubled) text.Append(format, at, 1);
            else if (format.Text[at] == '}') throw run.Fails("a format has a single '}'");
            int end = isDoubled ? at + 2 : FieldEnd(format.Text, at + 1);
            if (!isDoubled) text.Append(Field(format.Slice(at + 1, end - at - 2), depth));
            at = end;
        }
        return text;
    }

    private int FieldEnd(string format, int at)
    {
        for (int open = 1; at < format.Length; at++)
        {
            if (format[at] == '{') open++;
            if (format[at] == '}' && --open == 0) return at + 1;
        }
        throw run.Fails("a format has a '{' that is not closed");
    }

    private TaggedText Field(TaggedText field, int depth)
    {
        run.Step();
        string text = field.Text;
        int nameEnd = text.AsSpan().IndexOfAny('!', ':') is >= 0 and int found ? found : text.Length;
        Value value = Find(text[..nameEnd]);
        int at = nameEnd;
        if (at + 1 < text.Length && text[at] == '!')
        {
            value = text[at + 1] == 's' ? new TextValue(Printer.Str(value, run)) : new TextValue(Printer.Repr(value, run));
            at += 2;
        }
        if (at < text.Length && text[at] != ':') throw run.Fails("a field of a format is malformed");
        string spec = at < text.Length ? Apply(field.Slice(at + 1, text.Length - at - 1), depth + 1).ToText().Text : "";
        return Write(value, FormatSpec.Parse(spec, run));
    }

    private Value Find(string path)
    {
        int end = path.AsSpan().IndexOfAny('.', '[') is >= 0 and int found ? found : path.Length;
        string first = path[..end];
        Value value = first.Length == 0 ? Positional(_next++)
            : int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? Positional(index)
            : named.FirstOrDefault(argument => argument.Key == first).Value ?? throw run.Fails($"'format' is given no '{first}'");
        while (end < path.Length)
        {
            int start = end + 1;
            bool isItem = path[end] == '[';
            end = isItem ? path.IndexOf(']', start) : path.AsSpan(start).IndexOfAny('.', '[') is >= 0 and int next ? start + next : path.Length;
            if (end < 0) throw run.Fails("a field of a format is malformed");
            string name = path[start..end];
            Value key = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int at) ? IntValue.Data(at) : TextValue.Data(name);
            value = isItem ? Members.Item(value, key, run) : Members.Attribute(value, name, run);
            if (isItem) end++;
        }
        return value;
    }

    private Value Positional(int index) => index < positional.Length ? positional[index] : throw run.Fails("'format' has too few values");

    private TaggedText Write(Value value, FormatSpec spec)
    {
        bool isNumber = value is IntValue or FloatValue || (value is BoolValue && spec.Type != '\0');
        if (isNumber) return NumberFormat.Write(value, spec, run);
        if (spec.Type is not ('\0' or 's')) throw run.Fails($"a value of type {value.TypeName} has no format '{spec.Type}'");
        TaggedText text = Printer.Str(value, run);
        var whole = new TextValue(text);
        if (spec.Precision is { } most && most < whole.Count) text = text.Slice(0, whole.OffsetOf(most));
        text = spec.Pad(text, '<', 0, run);
        return escapes && value is not TextValue { IsMarkup: true } ? Markup.Escape(text, run) : text;
    }
}
