using System.Globalization;
using System.Numerics;
using ParScale.Text.Chat.Jinja.Texts;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Formatting;

/// <summary>Python's <c>'%s and %d' % (a, b)</c>.</summary>
internal sealed class PercentFormat
{
    private readonly Run _run;
    private readonly Value _given;
    private readonly Value[] _values;
    private readonly bool _escapes;
    private int _next;

    private PercentFormat(Value given, bool escapes, Run run)
    {
        (_given, _escapes, _run) = (given, escapes, run);
        _values = given is ListValue { Kind: ListKind.Tuple } several ? several.Items : [given];
    }

    /// <exception cref="ParScaleException">The format and the values do not go together.</exception>
    public static TextValue Apply(TextValue format, Value values, Run run)
    {
        var work = new PercentFormat(values, format.IsMarkup, run);
        var text = new TextValue(work.Write(format.Tagged), format.IsMarkup);
        if (work._next < work._values.Length && values is not (DictValue or ListValue { Kind: ListKind.List })) throw run.Fails("'%' has values left over");
        return text;
    }

    private TaggedText Write(TaggedText format)
    {
        var text = new TaggedTextBuilder(_run);
        int done = 0;
        while (format.Text.IndexOf('%', done) is >= 0 and int at)
        {
            text.Append(format, done, at - done);
            int start = at++;
            string? key = Key(format.Text, ref at);
            FormatSpec spec = Spec(format.Text, ref at);
            if (at >= format.Length) throw _run.Fails("a format of '%' is incomplete");
            spec = spec with { Type = format.Text[at++] };
            if (spec.Type == '%') text.Append(format, start, 1);
            else text.Append(One(key is null ? Next() : Named(key), spec));
            done = at;
        }
        return text.Append(format, done, format.Length - done).ToText();
    }

    private static string? Key(string format, ref int at)
    {
        if (at >= format.Length || format[at] != '(') return null;
        int end = format.IndexOf(')', at);
        if (end < 0) return null;
        string key = format[(at + 1)..end];
        at = end + 1;
        return key;
    }

    private FormatSpec Spec(string format, ref int at)
    {
        var spec = new FormatSpec();
        for (; at < format.Length && "#0- +".Contains(format[at], StringComparison.Ordinal); at++)
        {
            spec = format[at] switch
            {
                '#' => spec with { Alternate = true },
                '-' => spec with { Align = '<', Fill = " " },
                '0' => spec.Align == '<' ? spec : spec with { Align = '=', Fill = "0" },
                _ => spec.Sign == '+' ? spec : spec with { Sign = format[at] },
            };
        }
        spec = spec with { Width = Count(format, ref at) ?? 0 };
        if (at < format.Length && format[at] == '.')
        {
            at++;
            spec = spec with { Precision = Count(format, ref at) ?? 0 };
        }
        while (at < format.Length && format[at] is 'h' or 'l' or 'L') at++;
        return spec;
    }

    private int? Count(string format, ref int at)
    {
        if (at >= format.Length || format[at] != '*') return FormatSpec.Number(format, ref at, _run);
        at++;
        string digits = ValueComparer.Whole(Next()) is { Sign: >= 0 } number ? number.ToString(CultureInfo.InvariantCulture)
            : throw _run.Fails("'*' of a format needs a whole number");
        int start = 0;
        return FormatSpec.Number(digits, ref start, _run);
    }

    private Value Next() => _next < _values.Length ? _values[_next++] : throw _run.Fails("'%' has too few values");

    private Value Named(string key) => _given is DictValue dict
        ? dict.Find(key) ?? throw _run.Fails($"'%' is given no '{key}'")
        : throw _run.Fails("a format with names needs a dict");

    private TaggedText One(Value value, FormatSpec spec)
    {
        switch (spec.Type)
        {
            case 's' or 'r' or 'a':
                TaggedText text = spec.Type != 's' ? Printer.Repr(value, _run) : _escapes ? Markup.Of(value, _run) : Printer.Str(value, _run);
                var whole = new TextValue(text);
                if (spec.Precision is { } most && most < whole.Count) text = text.Slice(0, whole.OffsetOf(most));
                return (spec with { Fill = " ", Align = spec.Align == '=' ? '>' : spec.Align }).Pad(text, '>', 0, _run);
            case 'c' when value is TextValue { Count: 1 } character:
                return spec.Pad(character.Tagged, '>', 0, _run);
            case 'd' or 'i' or 'u' when value is FloatValue real && double.IsFinite(real.Number):
                return NumberFormat.Write(new IntValue(new BigInteger(real.Number), real.FromTemplate), spec, _run);
        }
        if (ValueComparer.Real(value) is null) throw _run.Fails($"the format %{spec.Type} needs a number, not a value of type {value.TypeName}");
        return NumberFormat.Write(value, spec, _run);
    }
}
