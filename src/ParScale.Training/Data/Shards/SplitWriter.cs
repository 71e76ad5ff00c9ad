using System.Globalization;

namespace ParScale.Training.Data.Shards;

/// <summary>Writes the shards of one part, each of about <paramref name="shardTokens"/> tokens and whole documents.</summary>
internal sealed class SplitWriter(string folder, string name, TokenType type, long shardTokens) : IDisposable
{
    private readonly List<ShardEntry> _shards = [];
    private ShardWriter? _shard;
    private long _learned;

    /// <summary>Documents written to their end.</summary>
    public long Documents { get; private set; }

    public long Tokens { get; private set; }

    /// <summary>Adds tokens to the document at hand, or begins one; see <see cref="ShardWriter.Add"/>.</summary>
    public void Add(ReadOnlySpan<int> ids, ReadOnlySpan<bool> learned)
    {
        _shard ??= new ShardWriter(folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{_shards.Count:D5}"), type);
        _shard.Add(ids, learned);
        Tokens += ids.Length;
        _learned += learned.IsEmpty ? ids.Length : learned.Count(true);
    }

    public void EndDocument()
    {
        _shard?.EndDocument();
        Documents++;
        if (_shard?.Tokens >= shardTokens) Close();
    }

    public SplitEntry Complete()
    {
        Close();
        return new SplitEntry { Documents = Documents, Tokens = Tokens, LearnedTokens = _learned, Shards = _shards };
    }

    public void Dispose() => _shard?.Dispose();

    private void Close()
    {
        if (_shard is null) return;
        _shards.Add(_shard.Complete());
        _shard.Dispose();
        _shard = null;
    }
}
