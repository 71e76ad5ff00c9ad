using System.Text.Json;
using ParScale.Text.Chat;

namespace ParScale.Text.TokenizerJson;

/// <summary>
/// What <c>tokenizer_config.json</c> says of the tokens around a text: <c>add_bos_token</c> and <c>add_eos_token</c>. They hold for the
/// classes whose post-processor Transformers 4 made anew from them; for all others, and where they are not there, that of
/// <c>tokenizer.json</c> holds.
/// </summary>
internal static class TokenizerConfig
{
    private const string FileName = ChatTemplateFiles.ConfigFile;

    // Files of Gemma 3 from before the key.
    private const string GemmaImage = "<image_soft_token>";

    private static readonly string[] Classes = ["LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer", "CohereTokenizer"];

    /// <summary>The tokens around a text.</summary>
    /// <param name="folder">The folder of both files.</param>
    /// <param name="written">Those that <c>tokenizer.json</c> asks for.</param>
    /// <param name="ids">All tokens.</param>
    /// <param name="faults">What is done with faults.</param>
    /// <exception cref="ParScaleException">The file is not JSON, a flag is none, or a token that it asks for is not in <c>tokenizer.json</c>.</exception>
    public static SpecialTokens Apply(string folder, SpecialTokens written, Dictionary<string, int> ids, Faults faults)
    {
        string path = Path.Combine(folder, FileName);
        using JsonDocument? config = ChatTemplateFiles.ReadJson(path);
        if (config is null) return written;
        var root = new JsonSection(path, "", config.RootElement, faults);
        string name = root["tokenizer_class"].Value.ValueKind == JsonValueKind.String ? root["tokenizer_class"].Text("") : "";
        if (!Classes.Contains(name.EndsWith("Fast", StringComparison.Ordinal) ? name[..^"Fast".Length] : name)) return written;

        IReadOnlyDictionary<string, string> tokens = NamedTokens.Read(folder).Named;
        return new SpecialTokens(
            Side(root["add_bos_token"], "bos_token", written.Before), Side(root["add_eos_token"], "eos_token", written.After));

        IReadOnlyList<int> Side(JsonSection flag, string token, IReadOnlyList<int> absent)
        {
            if (flag.IsAbsent) return absent;
            if (!flag.Flag(false) || !tokens.TryGetValue(token, out string? text)) return [];
            return ids.TryGetValue(text, out int id) ? [id]
                : throw flag.Error("TK-15", $"asks for the token {ParScaleException.Quote(text)}, which {TokenizerFile.FileName} does not have");
        }
    }

    /// <summary>
    /// The tokens that stand for pictures, sounds and films. A model of text alone that comes with the tokenizer of its larger siblings has
    /// no rows for them.
    /// </summary>
    public static IReadOnlyList<string> OtherInputs(string folder)
    {
        using JsonDocument? config = ChatTemplateFiles.ReadJson(Path.Combine(folder, FileName));
        if (config is null) return [GemmaImage];
        return [GemmaImage, .. ((string[])["image_token", "audio_token", "video_token"]).Select(key => NamedTokens.Text(config.RootElement, key)).OfType<string>()];
    }

    /// <summary>One line where the two files do not say the same.</summary>
    public static IEnumerable<string> Notices(SpecialTokens written, SpecialTokens template, Dictionary<string, int> ids)
    {
        bool isSame = written.Before.SequenceEqual(template.Before) && written.After.SequenceEqual(template.After);
        if (isSame) yield break;
        yield return $"{FileName}: add_bos_token and add_eos_token hold: a text is encoded as {Describe(template)}, "
            + $"where {TokenizerFile.FileName} alone says {Describe(written)}";

        string Describe(SpecialTokens tokens) => string.Join(' ', [.. tokens.Before.Select(NameOf), "TEXT", .. tokens.After.Select(NameOf)]);

        string NameOf(int id) => ParScaleException.Escape(ids.First(entry => entry.Value == id).Key);
    }
}
