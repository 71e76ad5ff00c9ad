using System.Text.Json;
using ParScale.Text.Bpe;

namespace ParScale.Text.TokenizerJson;

/// <summary>Reads the vocabulary and the merges.</summary>
internal static class ModelSection
{
    /// <summary>More ids than any vocabulary has; bounds what a single wrong id can make us allocate.</summary>
    public const int MostTokens = 2_000_000;

    /// <summary>Ids by token string.</summary>
    public static Dictionary<string, int> ReadVocabulary(JsonSection model)
    {
        CheckSettings(model);
        JsonSection vocabulary = model["vocab"];
        if (vocabulary.Value.ValueKind != JsonValueKind.Object) throw vocabulary.Error("TK-01", "must be an object of tokens and ids");

        var ids = new Dictionary<string, int>(vocabulary.Value.GetPropertyCount(), StringComparer.Ordinal);
        foreach (JsonProperty entry in vocabulary.Value.EnumerateObject())
        {
            string token = vocabulary.NameOf(entry);
            ids.Add(token, ReadId(vocabulary.WithValue(entry.Value), token));
        }
        return ids;
    }

    /// <summary>
    /// The ids that words begin with: those of their bytes or of their characters. What has no token takes the unknown one, and
    /// without that the file is refused.
    /// </summary>
    public static ISymbols ReadSymbols(JsonSection model, Dictionary<string, int> ids, bool isByteLevel, bool isSpelled)
    {
        JsonSection vocabulary = model["vocab"];
        string unknown = model["unk_token"].Text("");
        int? unknownId = ids.TryGetValue(unknown, out int found) ? found : null;
        bool fuses = model["fuse_unk"].Flag(false);
        bool fallsBack = model["byte_fallback"].Flag(false);
        if (!isByteLevel) return ReadCharacters(vocabulary, ids, fallsBack, unknownId, fuses);

        (int[] idOfByte, byte[] missing) = FindBytes(ids, value => ByteAlphabet.ToChar(value).ToString());
        if (missing.Length == 0) return new ByteSymbols(idOfByte, [], null, fuse: false, isSpelled);
        string detail = $"the byte 0x{missing[0]:X2} has no token";

        // Tokens such as <0xFF> come back from ids as that very text, not as the byte: the byte alphabet has no way to say it.
        if (fallsBack) throw vocabulary.Error("TK-06", $"{detail}, and byte_fallback is not supported");
        if (unknownId is null) throw vocabulary.Error("TK-06", $"{detail}, and there is no unk_token in its place; some text would have no ids");
        foreach (byte value in missing) idOfByte[value] = unknownId.Value;
        return new ByteSymbols(idOfByte, missing, unknownId, fuses, isSpelled);
    }

    private static CharacterSymbols ReadCharacters(
        JsonSection vocabulary, Dictionary<string, int> ids, bool fallsBack, int? unknownId, bool fuses)
    {
        if (!fallsBack)
        {
            return unknownId is not null ? new CharacterSymbols(ids, null, unknownId, fuses)
                : throw vocabulary.Error("TK-06", "characters without a token have neither byte_fallback nor unk_token; some text would have no ids");
        }
        (int[] idOfByte, byte[] missing) = FindBytes(ids, CharacterSymbols.ByteToken);

        // A character of one byte that has its own token never needs that of the byte.
        missing = [.. missing.Where(value => !char.IsAscii((char)value) || !ids.ContainsKey($"{(char)value}"))];
        if (missing.Length == 0) return new CharacterSymbols(ids, idOfByte, null, fuse: false);
        if (unknownId is not null) return new CharacterSymbols(ids, idOfByte, unknownId, fuses);
        string needed = CharacterSymbols.ByteToken(missing[0]);
        throw vocabulary.Error("TK-06", $"has no token {needed}, which byte_fallback needs, and there is no unk_token in its place");
    }

    private static (int[] IdOfByte, byte[] Missing) FindBytes(Dictionary<string, int> ids, Func<byte, string> tokenOf)
    {
        const int None = -1;
        int[] found = [.. Enumerable.Range(0, 256).Select(value => ids.TryGetValue(tokenOf((byte)value), out int id) ? id : None)];
        return (found, [.. Enumerable.Range(0, 256).Where(value => found[value] == None && IsInUtf8(value)).Select(value => (byte)value)]);

        // No text has the other bytes.
        static bool IsInUtf8(int value) => value is < 0xC0 or (> 0xC1 and < 0xF5);
    }

    /// <summary>The id that the value gives to a token.</summary>
    public static int ReadId(JsonSection section, string token)
    {
        bool isId = section.Value.ValueKind == JsonValueKind.Number && section.Value.TryGetInt32(out int number)
            && number is >= 0 and < MostTokens;
        if (isId) return section.Value.GetInt32();
        throw section.Error("TK-05", $"token {ParScaleException.Quote(token)}: its id must be a whole number from 0 to {MostTokens - 1}");
    }

    /// <summary>The merges in order of rank, as ids.</summary>
    public static IReadOnlyList<(int Left, int Right, int Id)> ReadMerges(JsonSection section, Dictionary<string, int> ids)
    {
        if (section.Value.ValueKind != JsonValueKind.Array) throw section.Error("TK-01", "must be an array");
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var joined = new char[ids.Keys.Max(token => token.Length)];
        var merges = new List<(int Left, int Right, int Id)>(section.Value.GetArrayLength());
        int index = 0;
        foreach (JsonElement value in section.Value.EnumerateArray())
        {
            JsonSection entry = section.Entry(index++, value);
            if (index == 1 && IsVersionLine(entry)) continue;
            (ReadOnlyMemory<char> left, ReadOnlyMemory<char> right) = ReadPair(entry);
            int leftId = IdOf(left.Span);
            int rightId = IdOf(right.Span);
            if (left.Length + right.Length > joined.Length) throw entry.Error("TK-03", "joins to more than the longest token");
            left.CopyTo(joined);
            right.CopyTo(joined.AsMemory(left.Length));
            merges.Add((leftId, rightId, IdOf(joined.AsSpan(0, left.Length + right.Length))));

            int IdOf(ReadOnlySpan<char> token) => lookup.TryGetValue(token, out int id) ? id
                : throw entry.Error("TK-03", $"needs the token {ParScaleException.Quote(token.ToString())}, which model.vocab lacks");
        }
        return merges;
    }

    // A list that was copied line by line out of a merges.txt begins with that file's first line.
    private static bool IsVersionLine(JsonSection entry) =>
        entry.Value.ValueKind == JsonValueKind.String && entry.Text("").StartsWith("#version", StringComparison.Ordinal);

    // "a b" and ["a","b"] both occur in files.
    private static (ReadOnlyMemory<char> Left, ReadOnlyMemory<char> Right) ReadPair(JsonSection entry)
    {
        const string WrongParts = "must have two parts, as \"a b\" or [\"a\", \"b\"]";
        if (entry.Value.ValueKind == JsonValueKind.Array)
        {
            if (entry.Value.GetArrayLength() != 2) throw entry.Error("TK-04", WrongParts);
            string left = entry.Entry(0, entry.Value[0]).Text("", "TK-04");
            string right = entry.Entry(1, entry.Value[1]).Text("", "TK-04");
            return left.Length > 0 && right.Length > 0 ? (left.AsMemory(), right.AsMemory()) : throw entry.Error("TK-04", WrongParts);
        }
        string pair = entry.Text("", "TK-04");
        int space = pair.IndexOf(' ', StringComparison.Ordinal);
        bool twoParts = space > 0 && space < pair.Length - 1 && pair.LastIndexOf(' ') == space;
        return twoParts ? (pair.AsMemory(0, space), pair.AsMemory(space + 1)) : throw entry.Error("TK-04", WrongParts);
    }

    // Each setting here would change the ids; the values let through are those that change nothing.
    private static void CheckSettings(JsonSection model)
    {
        string type = model["type"].Text("");

        // Files as old as GPT-2's have no type; what they do have says which it is.
        if (model["type"].IsAbsent && !model["vocab"].IsAbsent && !model["merges"].IsAbsent) type = "BPE";
        if (type != "BPE")
        {
            throw model["type"].Error("TK-02", $"is {ParScaleException.Quote(type)}{UnsupportedPart.Users(type)}; only \"BPE\" is supported, "
                + "as Llama, Mistral, Qwen, Gemma, Phi, OLMo, Granite and SmolLM have it");
        }
        model.AllowOnly(
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
            "ignore_merges", "vocab", "merges");
        JsonSection dropout = model["dropout"];
        if (!dropout.IsAbsent && !(dropout.Value.ValueKind == JsonValueKind.Number && dropout.Value.GetDouble() == 0))
            model.Faults.Add(dropout.Error("TK-02", "must be null or 0; encoding is never random here"));
        foreach (string affix in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
        {
            string written = model[affix].Text("");
            if (written.Length > 0) model.Faults.Add(model[affix].Error("TK-02", $"is {ParScaleException.Quote(written)}{UnsupportedPart.Users(affix)}; it must be empty"));
        }

        // These count only where a byte or character has no token.
        model["unk_token"].Text("");
        model["fuse_unk"].Flag(false);
        model["byte_fallback"].Flag(false);
    }
}
