using System.Text.Json;
using ParScale.Files;
using ParScale.Text.Bpe;
using ParScale.Text.PreTokenizers;

namespace ParScale.Text.TokenizerJson;

/// <summary>Reads and checks a whole <c>tokenizer.json</c>; nothing in it is left to fail later.</summary>
internal static class TokenizerFile
{
    public const string FileName = "tokenizer.json";
    private const int LargestFile = 256 << 20;
    private const int DeepestNesting = 128;

    /// <summary>Reads the folder's tokenizer file, or refuses it with a <see cref="ParScaleException"/>.</summary>
    public static TokenizerDefinition Read(string folder) => Read(folder, Faults.Thrown)!;

    /// <summary>The same; null where faults are kept and there are some.</summary>
    public static TokenizerDefinition? Read(string folder, Faults faults)
    {
        string path = Path.Combine(folder, FileName);
        if (!InputFile.IsThere(path, "TK-01") && OtherFormatIn(folder) is { Length: > 0 } other)
            throw ParScaleException.BadInput("TK-01", path, $"is missing{other}");
        byte[] content = InputFile.Read(path, LargestFile, "TK-01", "TK-01", "TK-01");
        var options = new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = DeepestNesting };
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(content, options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second kind is how the parser meets half a surrogate pair in a key.
            if (IsTooDeep(content))
                throw ParScaleException.BadInput("TK-13", path, $"is nested deeper than {DeepestNesting} levels; fetch it again", e);
            throw ParScaleException.BadInput("TK-01", path, $"is not valid JSON ({ParScaleException.Quote(e.Message)}); fetch it again", e);
        }
        using (document) return Check(new JsonSection(path, "", document.RootElement, faults), path, folder);
    }

    private static TokenizerDefinition? Check(JsonSection root, string path, string folder)
    {
        Faults faults = root.Faults;
        int before = faults.Count;
        root.AllowOnly(
            "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model");
        string version = root["version"].Text("1.0");
        if (version != "1.0") faults.Add(root["version"].Error("TK-02", $"is {ParScaleException.Quote(version)}; only \"1.0\" is known"));

        IReadOnlyList<INormalizer> normalizers = faults.Try(() => NormalizerSection.Read(root["normalizer"]), []);
        (IReadOnlyList<IPreTokenizer> preTokenizers, bool isByteLevel, bool isSpelled) = faults.Try(() => PreTokenizerSection.Read(root["pre_tokenizer"]), ([], true, false));
        TokenDecoding? decoding = faults.Try(() => DecoderSection.Read(root["decoder"], isByteLevel), null);

        Dictionary<string, int>? ids = faults.Try<Dictionary<string, int>?>(() => ModelSection.ReadVocabulary(root["model"]), null);
        if (ids is null)
        {
            AddUnknownKinds(root["post_processor"], faults);
            return null;
        }
        ISymbols? symbols = faults.Try<ISymbols?>(() => ModelSection.ReadSymbols(root["model"], ids, isByteLevel, isSpelled), null);
        IReadOnlyList<(int Left, int Right, int Id)> merges = faults.Try(() => ModelSection.ReadMerges(root["model"]["merges"], ids), []);
        var notices = new List<string>();
        IReadOnlyList<AddedToken> addedTokens = faults.Try(() => AddedTokensDecoder.Apply(
            folder, AddedTokensSection.Read(root["added_tokens"], normalizers, ids, isByteLevel), ids,
            (entry, token) => AddedTokensSection.Check(entry, token, normalizers, isByteLevel), faults, notices), []);
        SpecialTokens written = faults.Try(() => PostProcessorSection.Read(root["post_processor"], ids), SpecialTokens.None);
        SpecialTokens template = faults.Try(() => TokenizerConfig.Apply(folder, written, ids, faults), SpecialTokens.None);
        string?[] tokens = faults.Try(() => OrderById(root["model"]["vocab"], ids), []);
        if (symbols is null || faults.Count > before) return null;
        return new TokenizerDefinition
        {
            File = path,
            Normalizers = normalizers,
            PreTokenizers = preTokenizers,
            Symbols = symbols,
            IgnoreMerges = root["model"]["ignore_merges"].Flag(false),
            Tokens = tokens,
            Ids = ids,
            Merges = merges,
            AddedTokens = addedTokens,
            Template = template,
            Decoding = decoding,
            OtherInputs = TokenizerConfig.OtherInputs(folder),
            Notices = [.. Notices(root, symbols), .. notices, .. TokenizerConfig.Notices(written, template, ids)],
        };
    }

    /// <summary>What a message about the missing file adds where the folder holds a tokenizer as other tools write it; else nothing.</summary>
    public static string OtherFormatIn(string folder)
    {
        string[] formats = ["tokenizer.model", "tekken.json", "spiece.model", "vocab.json", "tiktoken.model"];
        string? found = formats.FirstOrDefault(name => File.Exists(Path.Combine(folder, name)));
        return found is null ? "" : $", and {found} is not read here; make it with Transformers: "
            + "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)";
    }

    // Without a vocabulary no id in the section can be right; whether its kinds are known can be told.
    private static void AddUnknownKinds(JsonSection section, Faults faults)
    {
        var found = Faults.Kept();
        found.Try(() => PostProcessorSection.Read(section.With(found), []));
        foreach (Fault fault in found.All.Where(fault => fault.Error.Code == "TK-02")) faults.Add(fault.Error);
    }

    private static IEnumerable<string> Notices(JsonSection root, ISymbols symbols)
    {
        // They are for batches of a fixed length, and Transformers too turns them off unless its caller asks for them.
        string[] ignored = [.. ((string[])["truncation", "padding"]).Where(name => !root[name].IsAbsent)];
        if (ignored.Length > 0) yield return $"{FileName}: {string.Join(" and ", ignored)} ignored: a text is encoded as long as it is";
        if (symbols is not ByteSymbols { Missing: > 0 } bytes) yield break;
        string unknown = ParScaleException.Quote(root["model"]["unk_token"].Text(""));
        yield return $"{FileName}: bytes without a token: {bytes.Missing} of 256; where text has them the model reads {unknown}";
    }

    // The parser's error does not tell nesting from other faults, so a spoiled file is read once more.
    private static bool IsTooDeep(byte[] content)
    {
        var reader = new Utf8JsonReader(content, new JsonReaderOptions { MaxDepth = DeepestNesting + 1 });
        try
        {
            while (reader.Read())
            {
                bool opens = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
                if (opens && reader.CurrentDepth >= DeepestNesting) return true;
            }
        }
        catch (JsonException)
        {
            // The fault that the parser found came before any deep nesting.
        }
        return false;
    }

    private static string?[] OrderById(JsonSection vocabulary, Dictionary<string, int> ids)
    {
        var tokens = new string?[ids.Values.Max() + 1];
        foreach ((string token, int id) in ids)
        {
            string? other = tokens[id];
            if (other is not null)
                throw vocabulary.Error("TK-05", $"{ParScaleException.Quote(other)} and {ParScaleException.Quote(token)} share id {id}");
            tokens[id] = token;
        }
        return tokens;
    }
}
