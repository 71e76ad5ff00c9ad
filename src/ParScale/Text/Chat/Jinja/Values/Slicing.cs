using System.Numerics;

namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>Parts of texts and lists, as Python counts them: from the end below 0, and never out of bounds.</summary>
internal static class Slicing
{
    /// <exception cref="ParScaleException">A bound is no whole number, or the step is 0.</exception>
    public static Value Slice(Value value, Value? start, Value? stop, Value? step, Run run)
    {
        run.RequireDefined(value);
        BigInteger by = Bound(step, run) ?? BigInteger.One;
        if (by.IsZero) throw run.Fails("the step of a slice is 0");
        run.Charge(value.Breadth);
        switch (value)
        {
            case TextValue text when by.IsOne:
                (int from, int to) = Range(text.Count, start, stop, run);
                int offset = text.OffsetOf(from);
                return new TextValue(text.Tagged.Slice(offset, text.OffsetOf(Math.Max(from, to)) - offset), text.IsMarkup);
            case TextValue text:
                var picked = new TaggedTextBuilder(run);
                foreach (Value character in Pick(Iteration.Items(text, run), start, stop, by, run)) picked.Append(((TextValue)character).Tagged);
                return new TextValue(picked.ToText(), text.IsMarkup);
            case ListValue { Kind: ListKind.List or ListKind.Tuple } list:
                return run.List([.. Pick(list.Items, start, stop, by, run)], list.Kind);
            case ListValue { Kind: ListKind.Range } list:
                (int first, int end) = Bounds(list.Items.Length, start, stop, by, run);
                NumberRange whole = list.Range;
                return run.Range([.. Pick(list.Items, start, stop, by, run)],
                    new NumberRange(whole.Start + first * whole.Step, whole.Start + end * whole.Step, whole.Step * by));
            default:
                throw run.Fails($"a value of type {value.TypeName} cannot be sliced");
        }
    }

    /// <summary>The bounds of a part of <paramref name="count"/> elements, within 0 and the count.</summary>
    public static (int Start, int Stop) Range(int count, Value? start, Value? stop, Run run) =>
        (Clip(Bound(start, run) ?? 0, count, 0, count), Clip(Bound(stop, run) ?? count, count, 0, count));

    private static IEnumerable<Value> Pick(Value[] items, Value? start, Value? stop, BigInteger step, Run run)
    {
        int by = (int)BigInteger.Max(-items.Length - 1, BigInteger.Min(step, items.Length + 1));
        (int first, int end) = Bounds(items.Length, start, stop, step, run);
        for (int i = first; by > 0 ? i < end : i > end; i += by) yield return items[i];
    }

    private static (int First, int End) Bounds(int count, Value? start, Value? stop, BigInteger step, Run run)
    {
        if (step.Sign > 0) return Range(count, start, stop, run);
        int last = count - 1;
        return (Bound(start, run) is { } a ? Clip(a, count, -1, last) : last, Bound(stop, run) is { } b ? Clip(b, count, -1, last) : -1);
    }

    private static int Clip(BigInteger index, int count, int lowest, int highest) =>
        (int)BigInteger.Max(lowest, BigInteger.Min(index.Sign < 0 ? index + count : index, highest));

    private static BigInteger? Bound(Value? value, Run run) => value is null or NoneValue ? null
        : ValueComparer.Whole(value) ?? throw run.Fails($"a bound of a slice is a value of type {value.TypeName}; it must be a whole number");
}
