using ParScale.Text;
using ParScale.Training.Data;
using ParScale.Training.Data.Shards;

namespace ParScale.Training.Tests.Data.Shards;

/// <summary>Folders of shards with documents of known tokens: document d holds 100 d, 100 d + 1, ...</summary>
internal static class ShardSamples
{
    /// <summary>Writes documents of these lengths for training, and two more for validation; returns the tokenizer's folder.</summary>
    public static string Write(TempFolder folder, string name, int[] lengths, Packing packing = Packing.Cut, TokenType type = TokenType.U16,
        long shardTokens = 1000, Func<int, int, bool>? learned = null)
    {
        string tokenizer = folder.File("tokens");
        if (!Directory.Exists(tokenizer)) TokenizerWriter.Write(tokenizer, BpeTrainer.Train("abc", 0));
        string path = folder.File(name);
        Directory.CreateDirectory(path);
        var index = new ShardIndex
        {
            Format = ShardIndex.Kind,
            Version = ShardIndex.NewestVersion,
            Tokenizer = Tokenizer.Load(tokenizer).Fingerprint,
            VocabularySize = 100 * (lengths.Length + 1),
            EndOfText = 0,
            TokenType = type,
            Packing = packing,
            Training = Split(path, "train", lengths, type, shardTokens, learned),
            Validation = Split(path, "validation", [5, 7], type, shardTokens, learned),
        };
        File.WriteAllText(Path.Combine(path, ShardIndex.FileName), index.ToJson());
        return tokenizer;
    }

    public static ShardFolder Open(TempFolder folder, string name) => ShardFolder.Open(folder.File(name), Tokenizer.Load(folder.File("tokens")));

    private static SplitEntry Split(string path, string name, int[] lengths, TokenType type, long shardTokens, Func<int, int, bool>? learned)
    {
        using var writer = new SplitWriter(path, name, type, shardTokens);
        for (int document = 0; document < lengths.Length; document++)
        {
            int[] ids = [.. Enumerable.Range(0, lengths[document]).Select(i => 100 * document + i)];
            bool[] mask = learned is null ? [] : [.. ids.Select((_, i) => learned(document, i))];
            // In two pieces, as a long text comes.
            int half = ids.Length / 2;
            writer.Add(ids.AsSpan(0, half), mask.AsSpan(0, Math.Min(half, mask.Length)));
            writer.Add(ids.AsSpan(half), mask.AsSpan(Math.Min(half, mask.Length)));
            writer.EndDocument();
        }
        return writer.Complete();
    }
}
