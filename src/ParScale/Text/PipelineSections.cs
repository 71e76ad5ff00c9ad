using System.Text.Json;

namespace ParScale.Text;

/// <summary>Reads the sections that say what happens around the merges. What is outside the byte-level family is refused by name.</summary>
internal static class PipelineSections
{
    private const string Unsupported = "TK-02";

    /// <summary>Whether the text is brought to NFC.</summary>
    public static bool ReadNormalizer(JsonSection section)
    {
        if (section.IsAbsent) return false;
        if (TypeOf(section) == "Sequence") return ReadNormalizers(section);
        RequireType(section, "NFC");
        section.AllowOnly("type");
        if (!TextCleaner.CanCompose)
            throw section.Error(Unsupported, "NFC needs ICU, which is missing here; install it and turn invariant globalization off");
        return true;
    }

    /// <summary>How text is cut into words, and whether a space is put before it.</summary>
    public static (SplitRule Split, bool AddPrefixSpace) ReadPreTokenizer(JsonSection section)
    {
        if (section.IsAbsent) throw section.Error(Unsupported, "is missing; a ByteLevel step is needed");
        if (TypeOf(section) != "Sequence") return (SplitRule.Gpt2, ReadByteLevel(section, mustSplit: true));

        section.AllowOnly("type", "pretokenizers");
        JsonSection steps = section["pretokenizers"];
        if (steps.Value.ValueKind != JsonValueKind.Array) throw steps.Error(Unsupported, "must be an array");
        switch (steps.Value.GetArrayLength())
        {
            case 1:
                return (SplitRule.Gpt2, ReadByteLevel(steps.Entry(0, steps.Value[0]), mustSplit: true));
            case 2:
                CheckSplit(steps.Entry(0, steps.Value[0]));
                JsonSection byteLevel = steps.Entry(1, steps.Value[1]);
                if (ReadByteLevel(byteLevel, mustSplit: false))
                    throw byteLevel["add_prefix_space"].Error(Unsupported, "must be false after a Split step");
                return (SplitRule.Qwen2, false);
            default:
                throw steps.Error(Unsupported, "must be a Split step and a ByteLevel step");
        }
    }

    /// <summary>Refuses steps that would add tokens or change their text.</summary>
    public static void CheckPostProcessor(JsonSection section)
    {
        // What ByteLevel does after encoding changes offsets only, and none are given out here.
        if (section.IsAbsent) return;
        if (TypeOf(section) != "Sequence")
        {
            CheckByteLevelKeys(section);
            return;
        }
        section.AllowOnly("type", "processors");
        JsonSection steps = section["processors"];
        if (steps.Value.ValueKind != JsonValueKind.Array) throw steps.Error(Unsupported, "must be an array");
        int index = 0;
        foreach (JsonElement step in steps.Value.EnumerateArray()) CheckPostProcessor(steps.Entry(index++, step));
    }

    /// <summary>Refuses ways of joining tokens other than the byte alphabet's.</summary>
    public static void CheckDecoder(JsonSection section)
    {
        if (section.IsAbsent) throw section.Error(Unsupported, "is missing; a ByteLevel decoder is needed");
        CheckByteLevelKeys(section);
    }

    // Steps of a list may be lists again; the depth of the file bounds how far. Composing twice is composing once.
    private static bool ReadNormalizers(JsonSection section)
    {
        section.AllowOnly("type", "normalizers");
        JsonSection steps = section["normalizers"];
        if (steps.Value.ValueKind != JsonValueKind.Array) throw steps.Error(Unsupported, "must be an array");
        bool compose = false;
        int index = 0;
        foreach (JsonElement step in steps.Value.EnumerateArray()) compose |= ReadNormalizer(steps.Entry(index++, step));
        return compose;
    }

    private static void CheckSplit(JsonSection section)
    {
        RequireType(section, "Split");
        section.AllowOnly("type", "pattern", "behavior", "invert");
        section["pattern"].AllowOnly("Regex");
        JsonSection pattern = section["pattern"]["Regex"];
        if (pattern.Text("") != WordSplitter.Qwen2Pattern)
            throw pattern.Error("TK-07", $"the expression {ParScaleException.Quote(pattern.Text(""))} is not Qwen2's; no other is run");
        if (section["behavior"].Text("") != "Isolated") throw section["behavior"].Error(Unsupported, "must be \"Isolated\"");
        if (section["invert"].Flag(false)) throw section["invert"].Error(Unsupported, "must be false");
    }

    private static bool ReadByteLevel(JsonSection section, bool mustSplit)
    {
        CheckByteLevelKeys(section);
        if (section["use_regex"].Flag(true) != mustSplit)
            throw section["use_regex"].Error(Unsupported, $"must be {(mustSplit ? "true without" : "false after")} a Split step");
        return section["add_prefix_space"].Flag(true);
    }

    private static void CheckByteLevelKeys(JsonSection section)
    {
        RequireType(section, "ByteLevel");
        section.AllowOnly("type", "add_prefix_space", "trim_offsets", "use_regex");
        section["trim_offsets"].Flag(true);
    }

    private static string TypeOf(JsonSection section) => section["type"].Text("");

    private static void RequireType(JsonSection section, string type)
    {
        string found = TypeOf(section);
        if (found != type)
            throw section.Error(Unsupported, $"is of type {ParScaleException.Quote(found)}; only \"{type}\" is supported here");
    }
}
