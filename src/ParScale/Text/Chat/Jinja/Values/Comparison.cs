namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>The operators that compare, with their cost.</summary>
internal static class Comparison
{
    // Finding a text in another takes the product of their lengths at worst.
    private const int ProductPerStep = 1 << 14;

    /// <exception cref="ParScaleException">The operator does not apply to these types.</exception>
    public static bool Holds(Value left, string operation, Value right, Run run)
    {
        run.Charge(Math.Min(left.Size, right.Size));
        return operation switch
        {
            "==" => ValueComparer.Instance.Equals(left, right),
            "!=" => !ValueComparer.Instance.Equals(left, right),
            "<" => ValueOrder.Compare(left, right, run) < 0,
            "<=" => ValueOrder.Compare(left, right, run) <= 0,
            ">" => ValueOrder.Compare(left, right, run) > 0,
            ">=" => ValueOrder.Compare(left, right, run) >= 0,
            "in" => Contains(right, left, run),
            _ => !Contains(right, left, run),
        };
    }

    /// <summary>Whether a container has an element, or a text a part.</summary>
    public static bool Contains(Value container, Value value, Run run)
    {
        run.Charge(container is DictValue ? value.Size : container.Size);
        switch (container)
        {
            case TextValue text:
                if (value is not TextValue part) throw run.Fails($"\"in\" looks for a text within a text, not for a value of type {value.TypeName}");
                ChargeSearch(text.Text, part.Text, run);
                return text.Text.Contains(part.Text, StringComparison.Ordinal);
            case ListValue list:
                return list.Items.Contains(value, ValueComparer.Instance);
            case DictValue dict:
                return value is not UndefinedValue && dict.Entries.ContainsKey(run.RequireKey(value));
            case UndefinedValue:
                return false;
            case GeneratorValue generator:
                return generator.TakeAll().Contains(value, ValueComparer.Instance);
            default:
                throw run.Fails($"\"in\" needs a text, list or dict on its right, not a value of type {container.TypeName}");
        }
    }

    /// <summary>Counts the cost of a search.</summary>
    public static void ChargeSearch(string text, string part, Run run) =>
        run.Charge(text.Length / 128 + Math.BigMul(text.Length, part.Length) / ProductPerStep);
}
