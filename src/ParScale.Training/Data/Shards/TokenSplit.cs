namespace ParScale.Training.Data.Shards;

/// <summary>The shards of one part as one long row of tokens and documents.</summary>
internal sealed class TokenSplit : IDisposable
{
    private readonly TokenShard[] _shards;
    private readonly long[] _firstToken;
    private readonly long[] _firstDocument;

    public TokenSplit(string folder, SplitEntry entry, ShardIndex index)
    {
        _shards = new TokenShard[entry.Shards.Count];
        (_firstToken, _firstDocument) = (new long[_shards.Length + 1], new long[_shards.Length + 1]);
        Masked = entry.IsMasked;
        try
        {
            for (int i = 0; i < _shards.Length; i++)
            {
                _shards[i] = new TokenShard(folder, entry.Shards[i], index);
                _firstToken[i + 1] = _firstToken[i] + _shards[i].Tokens;
                _firstDocument[i + 1] = _firstDocument[i] + _shards[i].Documents;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public long Tokens => _firstToken[^1];

    public long Documents => _firstDocument[^1];

    /// <summary>Whether some tokens are only read.</summary>
    public bool Masked { get; }

    /// <summary>The document that holds a token.</summary>
    public long DocumentOf(long token)
    {
        int shard = ShardOf(_firstToken, token);
        return _firstDocument[shard] + _shards[shard].DocumentOf(token - _firstToken[shard]);
    }

    /// <summary>Where a document ends, in tokens from the start of the part.</summary>
    public long End(long document)
    {
        int shard = ShardOf(_firstDocument, document);
        return _firstToken[shard] + _shards[shard].End(document - _firstDocument[shard]);
    }

    /// <summary>Where a document begins.</summary>
    public long Start(long document) => document == 0 ? 0 : End(document - 1);

    /// <summary>Copies ids that begin at token <paramref name="start"/>, from as many shards as it takes.</summary>
    public void Read(long start, Span<long> ids)
    {
        for (int shard = ShardOf(_firstToken, start); !ids.IsEmpty; shard++)
        {
            int part = (int)Math.Min(ids.Length, _firstToken[shard + 1] - start);
            _shards[shard].Read(start - _firstToken[shard], ids[..part]);
            ids = ids[part..];
            start += part;
        }
    }

    /// <summary>Whether a token is learned.</summary>
    public bool IsLearned(long token)
    {
        int shard = ShardOf(_firstToken, token);
        return _shards[shard].IsLearned(token - _firstToken[shard]);
    }

    public void Dispose()
    {
        foreach (TokenShard? shard in _shards) shard?.Dispose();
    }

    private static int ShardOf(long[] firsts, long index)
    {
        int found = Array.BinarySearch(firsts, index);
        return found >= 0 ? found : ~found - 1;
    }
}
