using ParScale.Text.PreTokenizers;

namespace ParScale.Text.TokenizerJson;

/// <summary>Reads how tokens become text.</summary>
internal static class DecoderSection
{
    private const string Unsupported = "TK-02";

    /// <summary>What is done to the tokens; null when they are in the byte alphabet.</summary>
    public static TokenDecoding? Read(JsonSection section, bool isByteLevel)
    {
        if (section.IsAbsent) throw section.Error(Unsupported, "is missing; without it the text of tokens is not known");
        JsonSection[] steps = [.. Flatten(section)];
        if (!isByteLevel) return ReadSteps(section, steps);
        if (steps.Length != 1 || steps[0].Type != "ByteLevel") throw (steps.Length == 0 ? section : steps[0]).UnknownType();
        PreTokenizerSection.CheckByteLevel(steps[0]);
        return null;
    }

    private static IEnumerable<JsonSection> Flatten(JsonSection section)
    {
        if (section.Type != "Sequence") return [section];
        section.AllowOnly("type", "decoders");
        return section["decoders"].ReadItems(Flatten);
    }

    // Tokens are changed one by one, then bytes become characters, then all becomes one text, then its beginning is stripped: in any
    // other order the same steps would mean something else.
    private static TokenDecoding ReadSteps(JsonSection section, JsonSection[] steps)
    {
        string[] order = ["Metaspace", "Replace", "ByteFallback", "Fuse", "Strip"];
        var replacements = new List<(string, string)>();
        var decoding = new TokenDecoding { Replacements = replacements, HasBytes = false };
        int reached = 0;
        bool fused = false;
        foreach (JsonSection step in steps)
        {
            int place = Array.IndexOf(order, step.Type);
            if (place < 0)
            {
                step.Faults.Add(step.UnknownType());
                continue;
            }
            if (place < reached || (decoding.StripCount > 0 && step.Type == "Strip"))
                throw step.Error(Unsupported, $"{step.Type} is not supported at this place of the list");
            reached = place;
            switch (step.Type)
            {
                case "Metaspace":
                    decoding = ReadMetaspace(step, decoding, replacements);
                    break;
                case "Replace":
                    step.AllowOnly("type", "pattern", "content");
                    step["pattern"].AllowOnly("String");
                    string pattern = step["pattern"]["String"].Text("");
                    if (pattern.Length == 0) throw step["pattern"].Error(Unsupported, "must be text that is not empty");
                    replacements.Add((pattern, step["content"].Text("")));
                    break;
                case "ByteFallback":
                    step.AllowOnly("type");
                    decoding = decoding with { HasBytes = true };
                    break;
                case "Fuse":
                    step.AllowOnly("type");
                    fused = true;
                    break;
                default:
                    decoding = ReadStrip(step, decoding, fused);
                    break;
            }
        }
        return steps.Length > 0 ? decoding : throw section.Error(Unsupported, "has no steps");
    }

    private static TokenDecoding ReadMetaspace(JsonSection section, TokenDecoding decoding, List<(string, string)> replacements)
    {
        SpaceMarker marker = PreTokenizerSection.ReadMarker(section);
        if (replacements.Count > 0) throw section.Error(Unsupported, "is the second Metaspace");
        replacements.Add(($"{marker.Mark}", " "));
        return marker.Scheme == PrependScheme.Never ? decoding : decoding with { DroppedFromFirst = marker.Mark };
    }

    private static TokenDecoding ReadStrip(JsonSection section, TokenDecoding decoding, bool fused)
    {
        const int MostStripped = 1000;
        section.AllowOnly("type", "content", "start", "stop");
        string content = section["content"].Text("");
        if (!fused) throw section.Error(Unsupported, "must come after Fuse");
        if (content.Length != 1) throw section["content"].Error(Unsupported, "must be one character");
        int count = Count(section["start"]);
        if (count > MostStripped) throw section["start"].Error(Unsupported, $"must be at most {MostStripped}");
        if (Count(section["stop"]) != 0) throw section["stop"].Error(Unsupported, "must be 0; the end of a text is not known while it is made");
        return decoding with { Stripped = content[0], StripCount = count };
    }

    private static int Count(JsonSection section)
    {
        if (section.IsAbsent) return 0;
        bool isCount = section.Value.ValueKind == System.Text.Json.JsonValueKind.Number && section.Value.TryGetInt32(out int count) && count >= 0;
        return isCount ? section.Value.GetInt32() : throw section.Error(Unsupported, "must be a whole number, 0 or more");
    }
}
