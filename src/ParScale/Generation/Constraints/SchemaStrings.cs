namespace ParScale.Generation.Constraints;

/// <summary>Strings of a schema: of a length, of a pattern, or of a format.</summary>
internal static class SchemaStrings
{
    private const string Year = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])";
    private const string Date = Year + "-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))";
    private const string Time = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
    private const string Byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])", Label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?";

    // Each at least as narrow as its definition: 29 February is left out, since not every year has one.
    private static readonly Dictionary<string, string> Formats = new()
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = Date + "T" + Time,
        ["duration"] = "P(?:[1-9][0-9]{0,5}D|T(?:[1-9][0-9]{0,5}H)?[1-9][0-9]{0,5}M|T[1-9][0-9]{0,5}[HS]|[1-9][0-9]{0,5}[YMW])",
        ["email"] = "[a-zA-Z0-9][a-zA-Z0-9_+-]{0,31}(?:\\.[a-zA-Z0-9_+-]{1,16}){0,3}@" + Label + "(?:\\." + Label + "){0,2}\\.[a-zA-Z]{2,16}",
        ["hostname"] = Label + "(?:\\." + Label + "){0,3}",
        ["ipv4"] = $"{Byte}(?:\\.{Byte}){{3}}",
        ["ipv6"] = "[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){7}",
        ["uuid"] = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        ["uri"] = "https?://" + Label + "(?:\\." + Label + "){0,3}(?:/[a-zA-Z0-9._~-]{0,64}){0,8}",
    };

    /// <summary>The strings that the keywords allow.</summary>
    public static Grammar Read(SchemaObject keys)
    {
        int least = keys.Count("minLength") ?? 0;
        int? most = keys.Count("maxLength");
        if (most < least) throw JsonSchemaGrammar.Refused($"{keys.Place}.maxLength", "is below minLength: no string fits");
        bool length = least > 0 || most is not null;
        if (keys.Get("pattern") is { } pattern)
        {
            if (length || keys.Get("format") is not null) throw JsonSchemaGrammar.Refused($"{keys.Place}.pattern", "beside a length or a format cannot be enforced");
            return JsonText.StringOf(Pattern(keys, keys.Text("pattern", pattern)));
        }
        if (keys.Get("format") is { } format)
        {
            string name = keys.Text("format", format);
            if (length) throw JsonSchemaGrammar.Refused($"{keys.Place}.format", "beside a length cannot be enforced");
            return Formats.TryGetValue(name, out string? known) ? JsonText.StringOf(PatternReader.Read($"^(?:{known})$"))
                : throw JsonSchemaGrammar.Refused($"{keys.Place}.format", $"{ParScaleException.Quote(name)} cannot be enforced; known are {string.Join(", ", Formats.Keys)}");
        }
        return length ? JsonText.StringOf(Grammar.Times(JsonText.Character, least, most)) : JsonText.String;
    }

    private static Grammar Pattern(SchemaObject keys, string pattern)
    {
        try
        {
            return PatternReader.Read(pattern);
        }
        catch (FormatException e)
        {
            throw JsonSchemaGrammar.Refused($"{keys.Place}.pattern", $"cannot be enforced: {e.Message}");
        }
    }
}
