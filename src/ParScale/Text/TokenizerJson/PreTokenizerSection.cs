using ParScale.Text.PreTokenizers;

namespace ParScale.Text.TokenizerJson;

/// <summary>Reads how text is cut into words.</summary>
internal static class PreTokenizerSection
{
    private const string Unsupported = "TK-02";
    private const string Digit = @"\p{N}";

    /// <summary>The steps, in order; none when the section is absent. Also whether the words are written in the byte alphabet.</summary>
    public static (IReadOnlyList<IPreTokenizer> Steps, bool IsByteLevel) Read(JsonSection section)
    {
        if (section.IsAbsent) return ([], false);
        var steps = new List<IPreTokenizer>();
        bool isByteLevel = false;
        foreach (JsonSection step in Flatten(section))
        {
            // The letters of the byte alphabet are not the text any more, so nothing sensible can be cut after that.
            if (isByteLevel) throw step.Error(Unsupported, $"{ParScaleException.Quote(step.Type)} after ByteLevel is not supported");
            isByteLevel = step.Type == "ByteLevel";
            steps.AddRange(ReadStep(step));
        }
        return (steps, isByteLevel);
    }

    private static IEnumerable<JsonSection> Flatten(JsonSection section)
    {
        if (section.Type != "Sequence") return [section];
        section.AllowOnly("type", "pretokenizers");
        return section["pretokenizers"].Items().SelectMany(Flatten);
    }

    private static IPreTokenizer[] ReadStep(JsonSection section)
    {
        switch (section.Type)
        {
            case "ByteLevel":
                CheckByteLevel(section);
                IPreTokenizer[] prefix = section["add_prefix_space"].Flag(true) ? [new SpaceMarker(' ', PrependScheme.Always)] : [];
                return section["use_regex"].Flag(true) ? [.. prefix, Isolate(WordSplitter.Gpt2Pattern)] : prefix;
            case "Split":
                return [ReadSplit(section)];
            case "Digits":
                section.AllowOnly("type", "individual_digits");
                bool single = section["individual_digits"].Flag(false);
                return [new Splitter(Digit, IsLiteral: false, single ? SplitBehavior.Isolated : SplitBehavior.Contiguous, Invert: false)];
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
        JsonSection pattern = section["pattern"];
        pattern.AllowOnly("Regex", "String");
        bool isLiteral = pattern["Regex"].IsAbsent;
        JsonSection written = pattern[isLiteral ? "String" : "Regex"];
        if (!isLiteral && !pattern["String"].IsAbsent) throw pattern.Error(Unsupported, "has both Regex and String");
        if (written.Text("").Length == 0) throw written.Error(Unsupported, "must be text that is not empty");

        JsonSection behavior = section["behavior"];
        if (!Enum.TryParse(behavior.Text(""), out SplitBehavior known) || known.ToString() != behavior.Text(""))
            throw behavior.Error(Unsupported, $"is {ParScaleException.Quote(behavior.Text(""))}, which is not supported");
        try
        {
            return new Splitter(written.Text(""), isLiteral, known, section["invert"].Flag(false));
        }
        catch (FormatException e)
        {
            throw written.Error("TK-07", $"the expression {ParScaleException.Quote(written.Text(""))}: {e.Message}", e);
        }
    }

    private static Splitter Isolate(string pattern) => new(pattern, IsLiteral: false, SplitBehavior.Isolated, Invert: false);
}
