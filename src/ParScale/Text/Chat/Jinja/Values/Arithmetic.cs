using System.Numerics;
using ParScale.Text.Chat.Jinja.Formatting;
using ParScale.Text.Chat.Jinja.Texts;

namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>Arithmetic as Python does it: whole numbers of any size, floor division, sums and products of texts and lists.</summary>
internal static class Arithmetic
{
    private const int LongestNumberBits = 14_000;

    /// <exception cref="ParScaleException">The operator does not apply to these values.</exception>
    public static Value Apply(Value left, string operation, Value right, Run run)
    {
        run.RequireDefined(left);
        if (operation == "%" && left is TextValue format) return PercentFormat.Apply(format, right, run);
        run.RequireDefined(right);
        bool fromTemplate = IsFromTemplate(left) && IsFromTemplate(right);
        if (ValueComparer.Whole(left) is { } a && ValueComparer.Whole(right) is { } b) return Whole(a, operation, b, fromTemplate, run);
        if (ValueComparer.Real(left) is { } x && ValueComparer.Real(right) is { } y) return new FloatValue(Real(x, operation, y, run), fromTemplate);
        return (left, operation, right) switch
        {
            (TextValue one, "+", TextValue two) => Markup.Concat(one, two, run),
            (ListValue { Kind: ListKind.List or ListKind.Tuple } one, "+", ListValue two) when one.Kind == two.Kind => run.List([.. one.Items, .. two.Items], one.Kind),
            (_, "*", IntValue or BoolValue) => Repeat(left, ValueComparer.Whole(right)!.Value, operation, right, run),
            (IntValue or BoolValue, "*", _) => Repeat(right, ValueComparer.Whole(left)!.Value, operation, left, run),
            _ => throw Unsupported(left, operation, right, run),
        };
    }

    private static bool IsFromTemplate(Value value) => value is IntValue { FromTemplate: true } or FloatValue { FromTemplate: true };

    private static ParScaleException Unsupported(Value left, string operation, Value right, Run run) =>
        run.Fails($"a value of type {left.TypeName} {operation} one of type {right.TypeName} is not possible");

    private static Value Repeat(Value value, BigInteger times, string operation, Value other, Run run)
    {
        int count = (int)BigInteger.Max(0, BigInteger.Min(times, int.MaxValue));
        switch (value)
        {
            case TextValue text:
                run.RequireCharacters((long)text.Text.Length * count);
                var repeated = new TaggedTextBuilder(run);
                for (int i = 0; i < count && text.Text.Length > 0; i++) repeated.Append(text.Tagged);
                return new TextValue(repeated.ToText(), text.IsMarkup);
            case ListValue { Kind: ListKind.List or ListKind.Tuple } list:
                run.Charge(Math.Min((long)list.Items.Length * count, long.MaxValue >> 8));
                return run.List([.. Enumerable.Repeat(list.Items, list.Items.Length == 0 ? 0 : count).SelectMany(items => items)], list.Kind);
            default:
                throw Unsupported(value, operation, other, run);
        }
    }

    private static Value Whole(BigInteger left, string operation, BigInteger right, bool fromTemplate, Run run)
    {
        long bits = Math.BigMul((int)left.GetBitLength(), (int)right.GetBitLength());
        run.Charge(bits / 4096);
        if (operation is "/" or "//" or "%" && right.IsZero) throw run.Fails("division by zero");
        switch (operation)
        {
            case "/":
                return new FloatValue((double)left / (double)right, fromTemplate);
            case "**" when right.Sign < 0:
                return new FloatValue(Real((double)left, operation, (double)right, run), fromTemplate);
            case "**":
                bool isLarge = !left.IsZero && !left.IsOne && left != BigInteger.MinusOne && left.GetBitLength() * (double)right > LongestNumberBits;
                if (isLarge) throw TooLarge(run);
                run.Charge(16);
                return new IntValue(Power(left, right), fromTemplate);
        }
        BigInteger result = operation switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "//" => Floor(left, right),
            _ => left - Floor(left, right) * right,
        };
        return result.GetBitLength() > LongestNumberBits ? throw TooLarge(run) : new IntValue(result, fromTemplate);
    }

    private static BigInteger Power(BigInteger left, BigInteger right) =>
        left.IsZero || left.IsOne ? right.IsZero ? BigInteger.One : left
        : left == BigInteger.MinusOne ? right.IsEven ? BigInteger.One : left
        : BigInteger.Pow(left, (int)right);

    private static ParScaleException TooLarge(Run run) => run.OverBudget("CT-04", "makes a number of more than 4000 digits");

    private static BigInteger Floor(BigInteger left, BigInteger right)
    {
        BigInteger quotient = BigInteger.DivRem(left, right, out BigInteger rest);
        return !rest.IsZero && rest.Sign != right.Sign ? quotient - 1 : quotient;
    }

    private static double Real(double left, string operation, double right, Run run)
    {
        if (operation is "/" or "//" or "%" && right == 0) throw run.Fails("division by zero");
        switch (operation)
        {
            case "+": return left + right;
            case "-": return left - right;
            case "*": return left * right;
            case "/": return left / right;
            case "//": return Math.Floor((left - Modulo(left, right)) / right + 0.5);
            case "%": return Modulo(left, right);
        }
        if (left == 0 && right < 0) throw run.Fails("0 to a negative power is a division by zero");
        double power = Math.Pow(left, right);
        return left < 0 && !double.IsInteger(right) ? throw run.Fails("a negative number to a broken power is no real number") : power;
    }

    private static double Modulo(double left, double right)
    {
        double rest = left % right;
        if (rest == 0) return double.CopySign(0, right);
        return double.IsNegative(rest) != double.IsNegative(right) ? rest + right : rest;
    }
}
