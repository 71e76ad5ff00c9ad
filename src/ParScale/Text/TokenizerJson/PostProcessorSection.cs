
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
            SpecialTokens template = section.Faults.Try(() => ReadStep(step, ids), SpecialTokens.None);
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
        return section["processors"].ReadItems(Flatten);
    }

    private static SpecialTokens ReadStep(JsonSection step, Dictionary<string, int> ids)
    {
        switch (step.Type)
        {
            case "ByteLevel":
                // It changes offsets only, and none are given out here.
                PreTokenizerSection.CheckByteLevel(step);
                return SpecialTokens.None;
            case "TemplateProcessing":
                return ReadTemplate(step, ids);
            case "BertProcessing":
                return ReadPair(step, ids);
            case "RobertaProcessing":
                step["trim_offsets"].Flag(true);
                step["add_prefix_space"].Flag(true);
                return ReadPair(step, ids, "trim_offsets", "add_prefix_space");
            default:
                throw step.UnknownType();
        }
    }

    // One text is CLS TEXT SEP for both; they differ in pairs of texts and in offsets.
    private static SpecialTokens ReadPair(JsonSection step, Dictionary<string, int> ids, params ReadOnlySpan<string> flags)
    {
        if (step["cls"].IsAbsent || step["sep"].IsAbsent) throw step.Error(Unsupported, $"{step.Type} needs cls and sep, each a token and its id");
        step.AllowOnly(["type", "sep", "cls", .. flags]);
        return new SpecialTokens([Token(step["cls"])], [Token(step["sep"])]);

        int Token(JsonSection pair)
        {
            IReadOnlyList<JsonSection> parts = pair.Items();
            if (parts.Count != 2) throw pair.Error(Unsupported, "must be a token and its id");
            string token = parts[0].Text("");
            int id = ModelSection.ReadId(parts[1], token);
            return ids.TryGetValue(token, out int known) && known == id ? id : throw parts[1].Error("TK-05", $"{id} is not the id of {ParScaleException.Quote(token)}");
        }
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
