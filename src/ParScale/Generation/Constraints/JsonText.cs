namespace ParScale.Generation.Constraints;

/// <summary>The parts of JSON (RFC 8259), as grammars. Numbers and blank space are kept short, so that a text ends.</summary>
internal static class JsonText
{
    private const int MostDigits = 16, MostIndent = 40;

    /// <summary>Lists and objects inside each other of a value that may be any: a model that opens brackets for ever is brought back.</summary>
    public const int MostDepth = 32;

    private static Grammar Digit { get; } = Grammar.OneOf("0123456789");

    /// <summary>The characters that JSON writes as they are; the others need an escape.</summary>
    public static Characters Plain { get; } = Characters.All - Characters.Range(0, 0x1F) - Characters.Of("\"\\");

    /// <summary>Blank space where JSON allows it: none, one space, or a new line and its indent.</summary>
    public static Grammar Space { get; } = Grammar.Any(
        Grammar.Empty, Grammar.Text(" "), Grammar.All(Grammar.Text("\n"), Grammar.Times(Grammar.OneOf(" \t"), 0, MostIndent)));

    /// <summary>Any one character of a string, as it is or by an escape.</summary>
    public static Grammar Character { get; } = Grammar.Any(Plain.InUtf8(), Escape());

    /// <summary>Any string.</summary>
    public static Grammar String { get; } = StringOf(Grammar.Times(Character, 0, null));

    /// <summary>Any integer.</summary>
    public static Grammar Integer { get; } = Grammar.All(Grammar.Optional(Grammar.Text("-")), Natural());

    /// <summary>Any number.</summary>
    public static Grammar Number { get; } = Grammar.All(Integer, Fraction());

    /// <summary>Any number that is not below zero.</summary>
    public static Grammar PositiveNumber { get; } = Grammar.All(Natural(), Fraction());

    /// <summary>true or false.</summary>
    public static Grammar Boolean { get; } = Grammar.Any(Grammar.Text("true"), Grammar.Text("false"));

    /// <summary>null.</summary>
    public static Grammar Null { get; } = Grammar.Text("null");

    /// <summary>Any value.</summary>
    public static Grammar Value { get; } = AnyValue();

    /// <summary>Any object.</summary>
    public static Grammar Object { get; } = MapOf(Value);

    /// <summary>A string with this between its quotes.</summary>
    public static Grammar StringOf(Grammar content) => Grammar.All(Grammar.Text("\""), content, Grammar.Text("\""));

    /// <summary>One character of a set, as a string writes it.</summary>
    public static Grammar CharacterOf(Characters set)
    {
        var choices = new List<Grammar>();
        Characters plain = set & Plain;
        if (!plain.IsEmpty) choices.Add(plain.InUtf8());
        foreach (int code in (set - Plain).CodePoints)
        {
            choices.Add(Grammar.Text(code switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                _ => $"\\u{code:x4}",
            }));
        }
        return Grammar.Any([.. choices]);
    }

    /// <summary>An object with any names and these values.</summary>
    public static Grammar MapOf(Grammar value) => ListOf("{", Member(String, value), "}", 0, null);

    /// <summary>A name and its value.</summary>
    public static Grammar Member(Grammar name, Grammar value) => Grammar.All(name, Space, Grammar.Text(":"), Space, value);

    /// <summary>Items between brackets, with commas.</summary>
    public static Grammar ListOf(string open, Grammar item, string close, int least, int? most)
    {
        if (most == 0) return Grammar.All(Grammar.Text(open), Space, Grammar.Text(close));
        Grammar more = Grammar.Times(Grammar.All(Space, Grammar.Text(","), Space, item), Math.Max(0, least - 1), most - 1);
        Grammar some = Grammar.All(Grammar.Text(open), Space, item, more, Space, Grammar.Text(close));
        return least > 0 ? some : Grammar.Any(some, Grammar.All(Grammar.Text(open), Grammar.Text(close)));
    }

    private static Grammar AnyValue()
    {
        Grammar scalar = Grammar.Any(String, Number, Boolean, Null), value = scalar;
        for (int depth = 0; depth < MostDepth; depth++) value = Grammar.Any(scalar, MapOf(value), ListOf("[", value, "]", 0, null));
        return value;
    }

    private static Grammar Natural() =>
        Grammar.Any(Grammar.Text("0"), Grammar.All(Grammar.OneOf("123456789"), Grammar.Times(Digit, 0, MostDigits - 1)));

    private static Grammar Fraction() => Grammar.All(
        Grammar.Optional(Grammar.All(Grammar.Text("."), Grammar.Times(Digit, 1, MostDigits))),
        Grammar.Optional(Grammar.All(Grammar.OneOf("eE"), Grammar.Optional(Grammar.OneOf("+-")), Grammar.Times(Digit, 1, 2))));

    // A \u of half a surrogate pair alone would be no character.
    private static Grammar Escape()
    {
        Grammar hex = Grammar.OneOf("0123456789abcdefABCDEF"), below = Grammar.OneOf("01234567"), high = Grammar.OneOf("89abAB"), low = Grammar.OneOf("cdefCDEF");
        Grammar d = Grammar.OneOf("dD");
        Grammar single = Grammar.Any(
            Grammar.All(Grammar.OneOf("0123456789abcefABCEF"), hex, hex, hex),
            Grammar.All(d, below, hex, hex),
            Grammar.All(d, high, hex, hex, Grammar.Text("\\u"), d, low, hex, hex));
        return Grammar.All(Grammar.Text("\\"), Grammar.Any(Grammar.OneOf("\"\\/bfnrt"), Grammar.All(Grammar.Text("u"), single)));
    }
}
