using System.Numerics;

namespace ParScale.Generation.Constraints;

/// <summary>The integers between two bounds, digit by digit.</summary>
internal static class IntegerRange
{
    // With one bound only, numbers have at most so many digits.
    private const int MostDigits = 16;

    /// <summary>The integers from <paramref name="least"/> to <paramref name="most"/>; null for no bound.</summary>
    /// <returns>Null when there is none.</returns>
    public static Grammar? Of(BigInteger? least, BigInteger? most)
    {
        BigInteger limit = BigInteger.Pow(10, MostDigits) - 1;
        BigInteger low = least ?? BigInteger.Min(-limit, (most ?? 0) - limit), high = most ?? BigInteger.Max(limit, (least ?? 0) + limit);
        if (low > high) return null;
        var choices = new List<Grammar>();
        if (low < 0) choices.Add(Grammar.All(Grammar.Text("-"), Natural(BigInteger.Max(1, -high), -low)));
        if (high >= 0) choices.Add(Natural(BigInteger.Max(0, low), high));
        return Grammar.Any([.. choices]);
    }

    // Numbers of each length by themselves, since a shorter one is not a longer one with zeros in front.
    private static Grammar Natural(BigInteger low, BigInteger high)
    {
        var choices = new List<Grammar>();
        for (int digits = $"{low}".Length; digits <= $"{high}".Length; digits++)
        {
            BigInteger first = digits == 1 ? 0 : BigInteger.Pow(10, digits - 1), last = BigInteger.Pow(10, digits) - 1;
            choices.Add(Digits($"{BigInteger.Max(low, first)}", $"{BigInteger.Min(high, last)}"));
        }
        return Grammar.Any([.. choices]);
    }

    // Digit strings of one length from one to another.
    private static Grammar Digits(string low, string high)
    {
        if (low.Length == 0) return Grammar.Empty;
        if (low.All(digit => digit == '0') && high.All(digit => digit == '9')) return Grammar.Times(Range('0', '9'), low.Length, low.Length);
        if (low[0] == high[0]) return Grammar.All(Range(low[0], low[0]), Digits(low[1..], high[1..]));
        string zeros = new('0', low.Length - 1), nines = new('9', low.Length - 1);
        var choices = new List<Grammar> { Grammar.All(Range(low[0], low[0]), Digits(low[1..], nines)) };
        if (low[0] + 1 < high[0]) choices.Add(Grammar.All(Range((char)(low[0] + 1), (char)(high[0] - 1)), Digits(zeros, nines)));
        choices.Add(Grammar.All(Range(high[0], high[0]), Digits(zeros, high[1..])));
        return Grammar.Any([.. choices]);
    }

    private static Grammar Range(char first, char last) => Grammar.Byte(ByteSet.Range(first, last));
}
