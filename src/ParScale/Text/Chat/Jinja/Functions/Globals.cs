using System.Numerics;
using ParScale.Text.Chat.Jinja.Formatting;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Functions;

/// <summary>The functions that every template finds: Jinja's, and the two that Transformers adds.</summary>
internal static class Globals
{
    private const int LongestRange = 100_000;

    public static readonly Builtin[] All =
    [
        new("range", "start stop step", Range),
        new("dict", "from **", Dict),
        new("namespace", "from **", Namespace),
        new("cycler", "*", call => call.Rest.Length > 0 ? new CyclerValue(call.Rest) : throw call.Run.Fails("'cycler' needs values to cycle over")),
        new("joiner", "sep", call => new JoinerValue(call[0] ?? TextValue.Template(", "))),
        new("lipsum", "n html min max", call => throw call.Run.Fails("'lipsum' is not supported: no chat needs random words")),
        new("raise_exception", "message", Raise),
        new("strftime_now", "format", Now),
    ];

    // The template's own if its format is: a format of data would bring its characters along.
    private static TextValue Now(Call call)
    {
        TaggedText format = call.RequiredText(0);
        bool isOwn = format.All(0, format.Length, tag => tag.IsTemplate);
        return new TextValue(new TaggedText(TimeFormat.Write(format.Text, call.Run), isOwn ? TextTag.Template : TextTag.Data));
    }

    private static Value Raise(Call call)
    {
        string words = Printer.Str(call.Required(0), call.Run).Text;
        throw call.Run.Error("CT-09", $"the template refuses this chat: {ParScaleException.Escape(words)}");
    }

    private static ListValue Range(Call call)
    {
        BigInteger[] bounds = [.. call.Arguments.TakeWhile(value => value is not null)
            .Select((value, index) => ValueComparer.Whole(value) ?? throw call.Wrong(index, "a whole number"))];
        if (bounds.Length == 0) throw call.Run.Fails("'range' needs a number");
        (BigInteger start, BigInteger stop) = bounds.Length == 1 ? (0, bounds[0]) : (bounds[0], bounds[1]);
        BigInteger step = bounds.Length > 2 ? bounds[2] : 1;
        if (step.IsZero) throw call.Run.Fails("the step of 'range' is 0");
        BigInteger count = BigInteger.Max(0, (stop - start + step - step.Sign) / step);
        if (count > LongestRange) throw call.Run.OverBudget("CT-03", $"makes a range of more than {LongestRange} numbers");
        call.Run.Charge((long)count);
        bool fromTemplate = call.Arguments.All(value => value is null or IntValue { FromTemplate: true });
        var items = new Value[(int)count];
        for (int i = 0; i < items.Length; i++) items[i] = new IntValue(start + step * i, fromTemplate);
        return call.Run.Range(items, new NumberRange(start, stop, step));
    }

    private static IEnumerable<KeyValuePair<Value, Value>> Entries(Call call)
    {
        IEnumerable<KeyValuePair<Value, Value>> from = call[0] switch
        {
            null => [],
            DictValue dict => dict.Entries,
            { } pairs => Iteration.Items(pairs, call.Run).Select(pair => Iteration.Items(pair, call.Run) is [var key, var value]
                ? new KeyValuePair<Value, Value>(key, value) : throw call.Wrong(0, "a dict or a list of pairs")),
        };
        return from.Concat(call.Named.Select(argument => new KeyValuePair<Value, Value>(TextValue.Data(argument.Key), argument.Value)));
    }

    private static DictValue Dict(Call call) => call.Run.Dict(Entries(call));

    private static NamespaceValue Namespace(Call call)
    {
        var space = new NamespaceValue();
        foreach ((Value key, Value value) in Entries(call)) space.Fields[Printer.Str(key, call.Run).Text] = value;
        return space;
    }
}
