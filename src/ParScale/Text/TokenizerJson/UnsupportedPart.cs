namespace ParScale.Text.TokenizerJson;

/// <summary>Which models have the parts of tokenizer files that are not supported, so that a refusal tells what the file is.</summary>
internal static class UnsupportedPart
{
    private const string Bert = "BERT, DistilBERT, ELECTRA";
    private const string Unigram = "T5, XLM-RoBERTa, ALBERT";

    private static readonly Dictionary<string, string> KnownUsers = new(StringComparer.Ordinal)
    {
        ["Unigram"] = Unigram,
        ["Precompiled"] = Unigram,
        ["WhitespaceSplit"] = Unigram,
        ["WordPiece"] = Bert,
        ["BertNormalizer"] = Bert,
        ["BertPreTokenizer"] = Bert,
        ["continuing_subword_prefix"] = Bert,
        ["StripAccents"] = "ALBERT",
        ["Lowercase"] = "ALBERT, CLIP",
        ["end_of_word_suffix"] = "CLIP, GPT-1",
        ["BPEDecoder"] = "GPT-1",
        ["CTC"] = "Wav2Vec2",
    };

    /// <summary>The models in brackets, with a space before; empty when none is known.</summary>
    public static string Users(string part) => KnownUsers.TryGetValue(part, out string? models) ? $" (as in {models})" : "";
}
