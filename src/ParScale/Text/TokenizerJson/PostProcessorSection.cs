
namespace ParScale.Text.TokenizerJson;

/// <summary>Reads which tokens are put around a whole text.</summary>
internal static class PostProcessorSection
{
    private const string Unsupported = "TK-02";

    /// <summary>The ids before and after the text; none when the section is absent or only moves offsets.</summary>
    /// <param name="section">The section.</param>
    /// <param name="ids">All tokens; the template may name no other id.</param>
    public static SpecialTokens Read(JsonSection section, Dictionary<string, int> ids)
    {
        var found = SpecialTokens.None;
        foreach (JsonSection step in Flatten(section))
        {
            if (step.Type == "ByteLevel")
            {
                // It changes offsets only, and none are given out here.
                PreTokenizerSection.CheckByteLevel(step);
                continue;
            }
            if (step.Type != "TemplateProcessing") throw step.UnknownType();
            SpecialTokens template = ReadTemplate(step, ids);
            bool addsNothing = template.Before.Count + template.After.Count == 0;
            if (!addsNothing && found != SpecialTokens.None) throw step.Error(Unsupported, "is the second that adds tokens; only one is supported");
            if (!addsNothing) found = template;
        }
        return found;
    }

    private static IEnumerable<JsonSection> Flatten(JsonSection section)
    {
        if (section.IsAbsent) return [];
        if (section.Type != "Sequence") return [section];
        section.AllowOnly("type", "processors");
        return section["processors"].Items().SelectMany(Flatten);
    }

    private static SpecialTokens ReadTemplate(JsonSection section, Dictionary<string, int> ids)
    {
        // The template for pairs is for sentences that are compared; none are here.
        section.AllowOnly("type", "single", "pair", "special_tokens");
        var before = new List<int>();
        var after = new List<int>();
        bool hasText = false;
        foreach (JsonSection piece in section["single"].Items())
        {
            piece.AllowOnly("SpecialToken", "Sequence");
            bool isToken = piece["Sequence"].IsAbsent;
            JsonSection member = piece[isToken ? "SpecialToken" : "Sequence"];
            member.AllowOnly("id", "type_id");
            if (isToken != !piece["SpecialToken"].IsAbsent) throw piece.Error(Unsupported, "must be a SpecialToken or a Sequence");
            if (isToken)
            {
                (hasText ? after : before).AddRange(IdsOf(section["special_tokens"], member["id"], ids));
                continue;
            }
            if (hasText || member["id"].Text("") != "A") throw piece.Error(Unsupported, "must be the one Sequence \"A\"");
            hasText = true;
        }
        return hasText ? new SpecialTokens(before, after) : throw section["single"].Error(Unsupported, "leaves out the text");
    }

    private static IEnumerable<int> IdsOf(JsonSection specialTokens, JsonSection name, Dictionary<string, int> ids)
    {
        string wanted = name.Text("");
        JsonSection entry = specialTokens[wanted];
        if (entry.IsAbsent) throw name.Error(Unsupported, $"{ParScaleException.Quote(wanted)} is not in special_tokens");
        entry.AllowOnly("id", "ids", "tokens");
        IReadOnlyList<JsonSection> tokens = entry["tokens"].IsAbsent ? [] : entry["tokens"].Items();
        IReadOnlyList<JsonSection> numbers = entry["ids"].Items();
        for (int i = 0; i < numbers.Count; i++)
        {
            int id = ModelSection.ReadId(numbers[i], wanted);
            string? token = i < tokens.Count ? tokens[i].Text("") : null;
            bool isKnown = token is null ? ids.ContainsValue(id) : ids.TryGetValue(token, out int known) && known == id;
            if (!isKnown) throw numbers[i].Error("TK-05", $"{id} is not the id of {ParScaleException.Quote(token ?? wanted)}");
            yield return id;
        }
    }
}
