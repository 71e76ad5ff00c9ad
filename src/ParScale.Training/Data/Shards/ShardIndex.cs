using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ParScale.Files;

namespace ParScale.Training.Data.Shards;

/// <summary>
/// <c>index.json</c> of a shard folder. It holds the hashes of all other files and is written last: its own hash stands for the whole.
/// </summary>
internal sealed record ShardIndex
{
    public const string FileName = "index.json";
    public const string Kind = "parscale-shards";
    public const int NewestVersion = 1;
    private const int LongestFile = 256 << 20;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        NewLine = "\n",
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public required string Format { get; init; }
    public required int Version { get; init; }

    /// <summary>The fingerprint of the tokenizer.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>All token ids are below this.</summary>
    public required int VocabularySize { get; init; }

    public required int EndOfText { get; init; }
    public required TokenType TokenType { get; init; }
    public required Packing Packing { get; init; }
    public required SplitEntry Training { get; init; }
    public required SplitEntry Validation { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, Json) + "\n";

    /// <summary>Whether a folder is one of shards, whole or damaged.</summary>
    public static bool IsIn(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return false;
        using FileStream stream = File.OpenRead(path);
        byte[] head = new byte[256];
        int count = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(head, 0, count).Contains($"\"{Kind}\"", StringComparison.Ordinal);
    }

    /// <summary>Reads and checks an index, whose bytes are returned for their hash.</summary>
    /// <exception cref="ParScaleException">It is missing, damaged, of a later version, or its numbers contradict each other.</exception>
    public static (ShardIndex Index, byte[] Bytes) Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            bool empty = !Directory.EnumerateFileSystemEntries(folder).Any();
            throw ParScaleException.BadInput(empty ? "TD-01" : "TD-13", folder, empty
                ? "is empty; give a UTF-8 text file, or a folder that parscale-train data wrote"
                : $"has no {FileName}: it is not a folder of shards; make one from its files with parscale-train data");
        }
        byte[] bytes = InputFile.Read(path, LongestFile, "TD-13", "TD-13", "TD-13");
        try
        {
            using (JsonDocument probe = JsonDocument.Parse(bytes))
            {
                if (probe.RootElement.GetProperty("format").GetString() != Kind) throw new JsonException("it is not an index of shards");
                int version = probe.RootElement.GetProperty("version").GetInt32();
                if (version > NewestVersion) throw new JsonException($"version {version} is newer than {NewestVersion}, the newest that this program reads");
            }
            ShardIndex index = JsonSerializer.Deserialize<ShardIndex>(bytes, Json) ?? throw new JsonException("it is null");
            index.Check();
            return (index, bytes);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw ParScaleException.BadInput("TD-13", path, $"is damaged or not of this program ({e.Message.TrimEnd('.')}); run parscale-train data again", e);
        }
    }

    private void Check()
    {
        Require(VocabularySize is > 0 and <= 1 << 24 && (TokenType == TokenType.U32 || VocabularySize <= 1 << 16), "vocabulary_size");
        Require(EndOfText >= 0 && EndOfText < VocabularySize, "end_of_text");
        Require(Enum.IsDefined(TokenType) && Enum.IsDefined(Packing), "token_type or packing");
        foreach (SplitEntry split in (SplitEntry[])[Training, Validation])
        {
            Require(split.Shards.All(shard => shard.Name.Length > 0 && shard.Name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')), "the name of a shard");
            Require(split.Shards.All(shard => shard.Documents > 0 && shard.Tokens is > 0 and < long.MaxValue / 8), "the counts of a shard");
            Require(split.Shards.Sum(shard => shard.Tokens) == split.Tokens, "tokens");
            Require(split.Shards.Sum(shard => shard.Documents) == split.Documents, "documents");
            Require(split.LearnedTokens >= 0 && split.LearnedTokens <= split.Tokens, "learned_tokens");
            Require(Packing == Packing.Whole || !split.IsMasked, "packing");
        }
    }

    private static void Require(bool holds, string what)
    {
        if (!holds) throw new JsonException($"{what} cannot be right");
    }
}
