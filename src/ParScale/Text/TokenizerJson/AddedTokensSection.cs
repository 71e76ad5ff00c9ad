using System.Text.Json;
using ParScale.Text.Bpe;

namespace ParScale.Text.TokenizerJson;

/// <summary>Reads the added tokens.</summary>
internal static class AddedTokensSection
{
    private const int LongestContent = 1024;

    /// <summary>The added tokens in the file's order; their ids join those of the vocabulary.</summary>
    public static IReadOnlyList<AddedToken> Read(
        JsonSection section, IReadOnlyList<INormalizer> normalizers, Dictionary<string, int> ids, bool isByteLevel)
    {
        if (section.IsAbsent) return [];
        if (section.Value.ValueKind != JsonValueKind.Array) throw section.Error("TK-08", "must be an array");
        var tokens = new List<AddedToken>();
        var seen = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        int index = 0;
        foreach (JsonElement value in section.Value.EnumerateArray())
        {
            JsonSection entry = section.Entry(index++, value);
            entry.AllowOnly("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
            string content = entry["content"].Text("", "TK-08");
            AddedToken token = ReadToken(entry, ModelSection.ReadId(entry["id"], content));
            if (seen.TryGetValue(token.Content, out AddedToken? before) && before == token) continue;
            if (!seen.TryAdd(token.Content, token)) throw entry.Error("TK-05", $"repeats the token {ParScaleException.Quote(token.Content)}");
            bool inVocabulary = ids.TryGetValue(token.Content, out int id);
            token = Check(entry, token with { InVocabulary = inVocabulary }, normalizers, isByteLevel);
            if (inVocabulary && id != token.Id)
                throw entry.Error("TK-05", $"token {ParScaleException.Quote(token.Content)}: has the id {token.Id}; model.vocab says {id}");
            ids[token.Content] = token.Id;
            tokens.Add(token);
        }
        return tokens;
    }

    /// <summary>The token; refuses one that would match everywhere, or make control tokens of ordinary text.</summary>
    public static AddedToken Check(JsonSection entry, AddedToken token, IReadOnlyList<INormalizer> normalizers, bool isByteLevel)
    {
        if (token.Normalized && normalizers.Aggregate(token.Content, (text, step) => step.Normalize(text)).Length == 0)
            throw entry["content"].Error("TK-08", $"{ParScaleException.Quote(token.Content)} is nothing after the normalizer; it would match everywhere");
        bool isLetter = isByteLevel ? ByteAlphabet.IsByte(token.Content) : token.InVocabulary && CharacterSymbols.IsCharacter(token.Content);
        if (token.Special && isLetter)
            throw entry["content"].Error("TK-08", $"{ParScaleException.Quote(token.Content)} is a letter of ordinary text; it cannot be special");
        return token;
    }

    /// <summary>Content and flags of a token whose id is known.</summary>
    public static AddedToken ReadToken(JsonSection entry, int id)
    {
        string content = entry["content"].Text("", "TK-08");
        if (content.Length is 0 or > LongestContent)
            throw entry["content"].Error("TK-08", $"has {content.Length} characters; 1 to {LongestContent} are allowed");
        bool special = entry["special"].Flag(false, "TK-08");
        return new AddedToken(
            id,
            content,
            SingleWord: entry["single_word"].Flag(false, "TK-08"),
            StripLeft: entry["lstrip"].Flag(false, "TK-08"),
            StripRight: entry["rstrip"].Flag(false, "TK-08"),
            Normalized: entry["normalized"].Flag(!special, "TK-08"),
            special);
    }
}
