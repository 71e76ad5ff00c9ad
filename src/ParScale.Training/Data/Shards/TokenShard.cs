namespace ParScale.Training.Data.Shards;

/// <summary>The files of one shard, mapped: a read touches the pages it needs.</summary>
internal sealed class TokenShard : IDisposable
{
    private readonly string _path;
    private readonly ShardEntry _entry;
    private readonly TokenType _type;
    private readonly int _vocabularySize;
    private readonly MappedNumbers _tokens;
    private readonly MappedNumbers _ends;
    private readonly MappedNumbers? _loss;

    /// <summary>Maps the files; their hashes are not looked at.</summary>
    /// <exception cref="ParScaleException">A file is missing or has another length than the index says, or documents are not in order.</exception>
    public TokenShard(string folder, ShardEntry entry, ShardIndex index)
    {
        _path = Path.Combine(folder, entry.Name);
        (_entry, _type, _vocabularySize) = (entry, index.TokenType, index.VocabularySize);
        _tokens = new MappedNumbers(_path + ShardEntry.TokensSuffix, entry.Tokens * (_type == TokenType.U16 ? sizeof(ushort) : sizeof(uint)));
        _ends = new MappedNumbers(_path + ShardEntry.DocumentsSuffix, entry.Documents * sizeof(long));
        if (entry.LossSha256 is not null) _loss = new MappedNumbers(_path + ShardEntry.LossSuffix, (entry.Tokens + 7) / 8);
        CheckEnds();
    }

    public long Tokens => _entry.Tokens;

    public long Documents => _entry.Documents;

    /// <summary>Where document <paramref name="document"/> of this shard ends, in tokens from the start of the shard.</summary>
    public long End(long document) => _ends.Int64(document);

    /// <summary>The document that holds a token.</summary>
    public long DocumentOf(long token)
    {
        (long low, long high) = (0, Documents - 1);
        while (low < high)
        {
            long middle = low + (high - low) / 2;
            if (End(middle) > token) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    /// <summary>Copies ids that begin at token <paramref name="start"/>.</summary>
    /// <exception cref="ParScaleException">An id is outside the vocabulary.</exception>
    public void Read(long start, Span<long> ids)
    {
        if (_type == TokenType.U16) Widen(_tokens.UInt16s(start, ids.Length), ids);
        else Widen(_tokens.UInt32s(start, ids.Length), ids);
        for (int i = 0; i < ids.Length; i++)
        {
            if (ids[i] < _vocabularySize) continue;
            throw ParScaleException.BadInput("TD-07", _path + ShardEntry.TokensSuffix,
                $"token {start + i} is {ids[i]}, but the vocabulary has {_vocabularySize}; run parscale-train data again");
        }
    }

    /// <summary>Whether the token is learned.</summary>
    public bool IsLearned(long token) => _loss is null || (_loss.Byte(token / 8) >> (int)(token % 8) & 1) != 0;

    public void Dispose()
    {
        _tokens.Dispose();
        _ends.Dispose();
        _loss?.Dispose();
    }

    private void CheckEnds()
    {
        long before = 0;
        for (long document = 0; document < Documents; document++)
        {
            long end = End(document);
            if (end <= before || end > Tokens || (document == Documents - 1 && end != Tokens))
            {
                Dispose();
                throw ParScaleException.BadInput("TD-07", _path + ShardEntry.DocumentsSuffix,
                    $"document {document} ends at {end}, after {before} of {Tokens}; run parscale-train data again");
            }
            before = end;
        }
    }

    private static void Widen(ushort[] from, Span<long> to)
    {
        for (int i = 0; i < to.Length; i++) to[i] = from[i];
    }

    private static void Widen(uint[] from, Span<long> to)
    {
        for (int i = 0; i < to.Length; i++) to[i] = from[i];
    }
}
