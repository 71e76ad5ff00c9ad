using ParScale.Text.PreTokenizers;

namespace ParScale.Text.TokenizerJson;

/// <summary>Reads how text is cut into words.</summary>
internal static class PreTokenizerSection
{
    private const string Unsupported = "TK-02";
    private const string Digit = @"\p{N}";

    // A sign of ASCII, or what Unicode calls punctuation.
    private const string Punctuation = @"[\p{P}$+<=>^`|~]";

    /// <summary>
    /// The steps, in order; none when the section is absent. Also whether the words are of bytes, and whether the steps already write
    /// them in the byte alphabet.
    /// </summary>
    public static (IReadOnlyList<IPreTokenizer> Steps, bool IsByteLevel, bool IsSpelled) Read(JsonSection section)
    {
        if (section.IsAbsent) return ([], false, false);
        var steps = new List<IPreTokenizer>();
        bool isByteLevel = false;
        bool isSpelled = false;
        foreach (JsonSection step in Flatten(section))
        {
            if (isByteLevel && !isSpelled)
            {
                steps.Add(new ByteSpeller());
                isSpelled = true;
            }
            // Spaces are letters by then, and other characters would not be letters of the alphabet.
            if (isSpelled && step.Type is "ByteLevel" or "Metaspace")
                section.Faults.Add(step.Error(Unsupported, $"{ParScaleException.Quote(step.Type)} after ByteLevel is not supported"));
            isByteLevel |= step.Type == "ByteLevel";
            steps.AddRange(section.Faults.Try(() => ReadStep(step), []));
        }
        return (steps, isByteLevel, isSpelled);
    }

    private static IEnumerable<JsonSection> Flatten(JsonSection section)
    {
        if (section.Type != "Sequence") return [section];
        section.AllowOnly("type", "pretokenizers");
        return section["pretokenizers"].ReadItems(Flatten);
    }

    private static IPreTokenizer[] ReadStep(JsonSection section)
    {
        switch (section.Type)
        {
            case "ByteLevel":
                CheckByteLevel(section);
                IPreTokenizer[] prefix = section["add_prefix_space"].Flag(true) ? [new SpaceMarker(' ', PrependScheme.Always)] : [];
                return section["use_regex"].Flag(true) ? [.. prefix, Isolate(WordRule.Gpt2Pattern)] : prefix;
            case "Split":
                return [ReadSplit(section)];
            case "Digits":
                section.AllowOnly("type", "individual_digits");
                bool single = section["individual_digits"].Flag(false);
                return [new Splitter(Digit, IsLiteral: false, single ? SplitBehavior.Isolated : SplitBehavior.Contiguous, Invert: false)];
            case "Punctuation":
                section.AllowOnly("type", "behavior");
                return [new Splitter(Punctuation, IsLiteral: false, ReadBehavior(section["behavior"], SplitBehavior.Isolated), Invert: false)];
            case "Metaspace":
                return ReadMetaspace(section);
            default:
                throw section.UnknownType();
        }
    }

    /// <summary>Refuses a byte-level part with other keys than it has.</summary>
    public static void CheckByteLevel(JsonSection section)
    {
        section.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
        section["trim_offsets"].Flag(true);
        section["add_prefix_space"].Flag(true);
        section["use_regex"].Flag(true);
    }

    /// <summary>The character that stands for a space, and where one is put before text.</summary>
    public static SpaceMarker ReadMarker(JsonSection section)
    {
        section.AllowOnly("type", "replacement", "str_rep", "add_prefix_space", "prepend_scheme", "split");
        string mark = section["replacement"].Text("");
        if (mark.Length != 1) throw section["replacement"].Error(Unsupported, "must be one character");
        bool adds = section["add_prefix_space"].Flag(true);
        string scheme = section["prepend_scheme"].Text(adds ? "always" : "never");
        PrependScheme? prepends = scheme switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            _ => null,
        };
        if (prepends is null || (!adds && prepends != PrependScheme.Never))
            throw section["prepend_scheme"].Error(Unsupported, $"{ParScaleException.Quote(scheme)} with add_prefix_space {adds} is not supported");
        return new SpaceMarker(mark[0], prepends.Value);
    }

    private static IPreTokenizer[] ReadMetaspace(JsonSection section)
    {
        SpaceMarker marker = ReadMarker(section);
        if (!section["split"].Flag(true)) return [marker];
        return [marker, new Splitter($"{marker.Mark}", IsLiteral: true, SplitBehavior.MergedWithNext, Invert: false)];
    }

    private static Splitter ReadSplit(JsonSection section)
    {
        section.AllowOnly("type", "pattern", "behavior", "invert");
        (string pattern, bool isLiteral) = PatternSection.Read(section["pattern"]);
        SplitBehavior behavior = ReadBehavior(section["behavior"], absent: null);
        bool invert = section["invert"].Flag(false);
        return PatternSection.Parse(section["pattern"], pattern, () => new Splitter(pattern, isLiteral, behavior, invert));
    }

    private static SplitBehavior ReadBehavior(JsonSection section, SplitBehavior? absent)
    {
        if (section.IsAbsent && absent is { } usual) return usual;
        string written = section.Text("");
        bool isKnown = Enum.TryParse(written, out SplitBehavior known) && known.ToString() == written;
        return isKnown ? known : throw section.Error(Unsupported, $"is {ParScaleException.Quote(written)}, which is not supported");
    }

    private static Splitter Isolate(string pattern) => new(pattern, IsLiteral: false, SplitBehavior.Isolated, Invert: false);
}
