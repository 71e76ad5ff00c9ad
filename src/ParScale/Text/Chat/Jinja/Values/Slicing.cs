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
        run.Charge(value.Size);
        switch (value)
        {
            case TextValue text when by.IsOne:
                (int from, int to) = Range(text.Count, start, stop, run);
                int offset = text.OffsetOf(from);
                return new TextValue(text.Tagged.Slice(offset, text.OffsetOf(Math.Max(from, to)) - offset));
            case TextValue text:
                var picked = new TaggedTextBuilder(run);
                foreach (Value character in Pick(Iteration.Items(text, run), start, stop, by, run)) picked.Append(((TextValue)character).Tagged);
                return picked.ToValue();
            case ListValue { Kind: ListKind.List or ListKind.Tuple or ListKind.Range } list:
                return run.List([.. Pick(list.Items, start, stop, by, run)], list.Kind == ListKind.Tuple ? ListKind.Tuple : ListKind.List);
            default:
                return new UndefinedValue($"a value of type {value.TypeName} cannot be sliced");
        }
    }

    /// <summary>The bounds of a part of <paramref name="count"/> elements, within 0 and the count.</summary>
    public static (int Start, int Stop) Range(int count, Value? start, Value? stop, Run run) =>
        (Clip(Bound(start, run) ?? 0, count, 0, count), Clip(Bound(stop, run) ?? count, count, 0, count));

    private static IEnumerable<Value> Pick(Value[] items, Value? start, Value? stop, BigInteger step, Run run)
    {
        int by = (int)BigInteger.Max(-items.Length - 1, BigInteger.Min(step, items.Length + 1));
        if (by > 0)
        {
            (int from, int to) = Range(items.Length, start, stop, run);
            for (int i = from; i < to; i += by) yield return items[i];
            yield break;
        }
        int last = items.Length - 1;
        int first = Bound(start, run) is { } a ? Clip(a, items.Length, -1, last) : last;
        int end = Bound(stop, run) is { } b ? Clip(b, items.Length, -1, last) : -1;
        for (int i = first; i > end; i += by) yield return items[i];
    }

    private static int Clip(BigInteger index, int count, int lowest, int highest) =>
        (int)BigInteger.Max(lowest, BigInteger.Min(index.Sign < 0 ? index + count : index, highest));

    private static BigInteger? Bound(Value? value, Run run) => value is null or NoneValue ? null
        : ValueComparer.Whole(value) ?? throw run.Fails($"a bound of a slice is a value of type {value.TypeName}; it must be a whole number");
}
