namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>The order of values as Python has it.</summary>
internal static class ValueOrder
{
    /// <summary>Below, at or above 0; null for a number that is compared with NaN.</summary>
    /// <exception cref="ParScaleException">The types have no order.</exception>
    public static int? Compare(Value left, Value right, Run run)
    {
        switch (left, right)
        {
            case (TextValue a, TextValue b):
                return CompareTexts(a.Text, b.Text);
            case (ListValue { Kind: ListKind.List or ListKind.Tuple } a, ListValue b) when a.Kind == b.Kind:
                return CompareItems(a.Items, b.Items, run);
        }
        if (ValueComparer.Whole(left) is { } x && ValueComparer.Whole(right) is { } y) return x.CompareTo(y);
        if (ValueComparer.Real(left) is { } c && ValueComparer.Real(right) is { } d) return double.IsNaN(c) || double.IsNaN(d) ? null : c.CompareTo(d);
        run.RequireDefined(left);
        run.RequireDefined(right);
        throw run.Fails($"a value of type {left.TypeName} and one of type {right.TypeName} cannot be ordered");
    }

    /// <summary>The values in order of their keys; equal ones keep their order. Any keys will do, NaN too.</summary>
    public static Value[] Sort(IEnumerable<Value> values, Func<Value, Value> key, bool descending, Run run)
    {
        (Value Key, Value Value)[] pairs = [.. values.Select(value => (key(value), value))];
        Merge(pairs, new (Value, Value)[pairs.Length], descending ? 1 : -1, run);
        return [.. pairs.Select(pair => pair.Value)];
    }

    private static void Merge(Span<(Value Key, Value Value)> pairs, Span<(Value Key, Value Value)> spare, int before, Run run)
    {
        if (pairs.Length < 2) return;
        int half = pairs.Length / 2;
        Merge(pairs[..half], spare[..half], before, run);
        Merge(pairs[half..], spare[half..], before, run);
        pairs.CopyTo(spare);
        (int left, int right) = (0, half);
        for (int i = 0; i < pairs.Length; i++)
        {
            bool takesRight = left == half;
            if (!takesRight && right < pairs.Length)
            {
                run.Charge(1 + Math.Min(spare[left].Key.Size, spare[right].Key.Size));
                takesRight = Compare(spare[right].Key, spare[left].Key, run) is { } order && Math.Sign(order) == before;
            }
            pairs[i] = takesRight ? spare[right++] : spare[left++];
        }
    }

    private static int? CompareItems(Value[] left, Value[] right, Run run)
    {
        for (int i = 0; i < Math.Min(left.Length, right.Length); i++)
            if (!ValueComparer.Instance.Equals(left[i], right[i])) return Compare(left[i], right[i], run);
        return left.Length.CompareTo(right.Length);
    }

    // By code points: a surrogate stands for one above all that a single unit can be.
    private static int CompareTexts(string left, string right)
    {
        int same = left.AsSpan().CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        (char a, char b) = (left[same], right[same]);
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
    }
}
