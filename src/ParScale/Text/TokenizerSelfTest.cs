using ParScale.Text.Bpe;
using ParScale.Text.PreTokenizers;

namespace ParScale.Text;

/// <summary>Looks for signs of a tokenizer file that was tampered with or mixed up, though each part of it is well formed.</summary>
internal static class TokenizerSelfTest
{
    private static readonly string[] Samples =
    [
        "Hello, world! It's 12 o'clock.\r\n\tdef f(x): return x**2  # done\n\n",
        "Привет, мир. 你好,世界。 مرحبا ١٢٣ हिन्दी 한국어 ŝĉĝ",
        "\U0001D400\U00020000\U0001E900 \U0001F680\U0001F469\u200D\U0001F4BB\uFE0F\0\u00A0\u2028",
    ];

    /// <summary>One line for each sign found; none when all is well.</summary>
    public static IReadOnlyList<string> Run(Tokenizer tokenizer, TokenizerDefinition definition)
    {
        var findings = new List<string>();
        CheckRoundTrips(tokenizer, definition, findings);

        if (definition.Symbols is not ByteSymbols bytes) return findings;

        // Whoever trains a vocabulary numbers the bytes, by their letters in the alphabet or by their values, and then each
        // merge as it is found.
        IEnumerable<int> values = Enumerable.Range(0, 256).Where(value => bytes.Ids[value] >= 0 && bytes.Ids[value] != bytes.UnknownId);
        Disorder byLetter = Disorder.Of(values.OrderBy(value => ByteAlphabet.ToChar((byte)value)).Select(value => bytes.Ids[value]));
        Disorder byValue = Disorder.Of(values.Select(value => bytes.Ids[value]));
        Report("bytes", byLetter.Places <= byValue.Places ? byLetter : byValue, definition, findings);
        Report("merged tokens", Disorder.Of(definition.Merges.Select(merge => merge.Id).Distinct()), definition, findings);
        return findings;
    }

    private static void CheckRoundTrips(Tokenizer tokenizer, TokenizerDefinition definition, List<string> findings)
    {
        bool changesText = definition.PreTokenizers.Any(step => step is Splitter { DropsText: true })
            || definition.Normalizers.Any(step => step is ReplaceNormalizer { Pattern: not " " } or StripNormalizer);
        if (changesText) return;
        bool addsSpaces = definition.PreTokenizers.Any(step => step is SpaceMarker) || definition.Normalizers.Any(step => step is PrependNormalizer);
        foreach (string sample in Samples)
        {
            INormalizer[] forms = [.. definition.Normalizers.Where(step => step is UnicodeNormalizer)];
            string expected = forms.Aggregate(sample, (text, form) => form.Normalize(text));
            int[] ids = tokenizer.Encode(sample);
            bool known = definition.Symbols.UnknownId is not { } unknown || !ids.Contains(unknown);

            string decoded = tokenizer.Decode(ids);
            bool comesBack = addsSpaces ? WithoutSpaces(decoded) == WithoutSpaces(expected) : decoded == expected;
            if (known && !comesBack) findings.Add($"the text {ParScaleException.Quote(sample)} does not come back from its ids");
        }
    }

    private static string WithoutSpaces(string text) => text.Replace(" ", "", StringComparison.Ordinal);

    private static void Report(string what, Disorder disorder, TokenizerDefinition definition, List<string> findings)
    {
        (int places, int first) = disorder;
        if (places == 0) return;
        string token = ParScaleException.Quote(definition.Tokens[first] ?? "");
        string times = places == 1 ? "once, at" : $"{places} times, first at";
        findings.Add($"the ids of the {what} leave their usual order {times} {token} ({first}): ids may be swapped");
    }

    // At how many places ids go down, and the id at the first of them.
    private readonly record struct Disorder(int Places, int First)
    {
        public static Disorder Of(IEnumerable<int> ids)
        {
            var found = new Disorder(0, -1);
            int previous = -1;
            foreach (int id in ids)
            {
                if (id < previous) found = new Disorder(found.Places + 1, found.Places == 0 ? id : found.First);
                previous = id;
            }
            return found;
        }
    }
}
