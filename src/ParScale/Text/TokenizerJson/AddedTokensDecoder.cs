using System.Globalization;
using System.Text.Json;
using ParScale.Text.Chat;

namespace ParScale.Text.TokenizerJson;

/// <summary>
/// Reads <c>added_tokens_decoder</c> of <c>tokenizer_config.json</c>. Transformers adds its tokens to those of <c>tokenizer.json</c> when it
/// loads a model: one that is there already takes the flags that stand here and keeps its id; one that is not becomes an added token.
/// </summary>
internal static class AddedTokensDecoder
{
    private const string Key = "added_tokens_decoder";

    /// <summary>The added tokens of both files; a line for the user goes to <paramref name="notices"/> where they differ.</summary>
    /// <param name="folder">The folder of both files.</param>
    /// <param name="written">Those of <c>tokenizer.json</c>.</param>
    /// <param name="ids">All tokens; new ones join them.</param>
    /// <param name="check">Refuses a token that cannot be one.</param>
    /// <param name="faults">What is done with faults.</param>
    /// <param name="notices">Lines for the user.</param>
    /// <exception cref="ParScaleException">The file is no JSON, an entry is malformed, or a new token would get another id than it says (TK-05).</exception>
    public static IReadOnlyList<AddedToken> Apply(
        string folder, IReadOnlyList<AddedToken> written, Dictionary<string, int> ids, Func<JsonSection, AddedToken, AddedToken> check, Faults faults, List<string> notices)
    {
        string path = Path.Combine(folder, ChatTemplateFiles.ConfigFile);
        using JsonDocument? config = ChatTemplateFiles.ReadJson(path);
        if (config is null) return written;
        JsonSection section = new JsonSection(path, "", config.RootElement, faults)[Key];
        if (section.IsAbsent) return written;
        NamedTokens names = NamedTokens.Read(folder);
        HashSet<string> special = [.. names.Named.Values, .. names.Additional];
        var tokens = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        foreach (AddedToken token in written) tokens[token.Content] = token;
        List<string> changed = [], added = [], other = [];
        int next = ids.Count == 0 ? 0 : ids.Values.Max() + 1;
        foreach ((int id, JsonSection entry) in Entries(section))
        {
            entry.AllowOnly("content", "single_word", "lstrip", "rstrip", "normalized", "special", "__type");
            AddedToken token = AddedTokensSection.ReadToken(entry, id);
            token = token with { Special = token.Special || special.Contains(token.Content) };
            bool isKnown = ids.TryGetValue(token.Content, out int held);
            if (!isKnown && id != next)
            {
                faults.Add(entry.Error("TK-05", $"token {ParScaleException.Quote(token.Content)}: is not in {TokenizerFile.FileName}, where the next free id is {next}; "
                    + "save both files with Transformers again"));
                continue;
            }
            if (isKnown && held != id) other.Add($"{ParScaleException.Quote(token.Content)} ({held}, not {id})");
            tokens.TryGetValue(token.Content, out AddedToken? before);
            token = token with { Id = isKnown ? held : id, InVocabulary = before?.InVocabulary ?? isKnown };
            if (token == before) continue;
            (before is null ? added : changed).Add(ParScaleException.Quote(token.Content));
            tokens[token.Content] = check(entry, token);
            ids[token.Content] = token.Id;
            if (!isKnown) next++;
        }
        string name = ChatTemplateFiles.ConfigFile;
        if (added.Count > 0) notices.Add($"{name}: {Key} adds {Some(added)}, which {TokenizerFile.FileName} has not as added tokens");
        if (changed.Count > 0) notices.Add($"{name}: the flags in {Key} hold for {Some(changed)}; those in {TokenizerFile.FileName} differ");
        if (other.Count > 0) notices.Add($"{name}: {Key} has other ids than {TokenizerFile.FileName}, which holds: {Some(other)}");
        return [.. tokens.Values];
    }

    private static IEnumerable<(int Id, JsonSection Entry)> Entries(JsonSection section)
    {
        if (section.Value.ValueKind != JsonValueKind.Object) throw section.Error("TK-08", "must be an object of ids and tokens");
        var entries = new List<(int Id, JsonSection Entry)>();
        foreach (JsonProperty member in section.Value.EnumerateObject())
        {
            string key = section.NameOf(member);
            if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id >= ModelSection.MostTokens)
                throw section.Error("TK-05", $"{ParScaleException.Quote(key)} is no id; expected a whole number from 0 to {ModelSection.MostTokens - 1}");
            entries.Add((id, section[key]));
        }
        return entries.OrderBy(entry => entry.Id);
    }

    private static string Some(List<string> names)
    {
        const int shown = 3;
        string listed = string.Join(", ", names.Take(shown));
        return names.Count <= shown ? listed : string.Create(CultureInfo.InvariantCulture, $"{listed} and {names.Count - shown} more");
    }
}
