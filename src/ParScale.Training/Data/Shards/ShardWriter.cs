using System.Buffers.Binary;

namespace ParScale.Training.Data.Shards;

/// <summary>Writes the files of one shard.</summary>
internal sealed class ShardWriter(string folder, string name, TokenType type) : IDisposable
{
    private readonly HashedFile _tokenFile = new(Path.Combine(folder, name + ShardEntry.TokensSuffix));
    private readonly HashedFile _documentFile = new(Path.Combine(folder, name + ShardEntry.DocumentsSuffix));
    private HashedFile? _lossFile;
    private byte _bits;
    private long _documents;

    /// <summary>Tokens written.</summary>
    public long Tokens { get; private set; }

    /// <summary>Adds tokens to the document at hand. <paramref name="learned"/> has one value a token, or is empty: all are.</summary>
    public void Add(ReadOnlySpan<int> ids, ReadOnlySpan<bool> learned)
    {
        if (!learned.IsEmpty && _lossFile is null)
        {
            _lossFile = new HashedFile(Path.Combine(folder, name + ShardEntry.LossSuffix));
            for (long i = 0; i < Tokens; i++) AddBit(i, true);
        }
        if (_lossFile is not null)
            for (int i = 0; i < ids.Length; i++) AddBit(Tokens + i, learned.IsEmpty || learned[i]);
        WriteTokens(ids);
        Tokens += ids.Length;
    }

    public void EndDocument()
    {
        Span<byte> end = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(end, Tokens);
        _documentFile.Write(end);
        _documents++;
    }

    /// <summary>Flushes all files to the disk.</summary>
    public ShardEntry Complete()
    {
        if (_lossFile is not null && Tokens % 8 != 0) _lossFile.Write([_bits]);
        return new ShardEntry
        {
            Name = name,
            Documents = _documents,
            Tokens = Tokens,
            TokensSha256 = _tokenFile.Complete(),
            DocumentsSha256 = _documentFile.Complete(),
            LossSha256 = _lossFile?.Complete(),
        };
    }

    public void Dispose()
    {
        _tokenFile.Dispose();
        _documentFile.Dispose();
        _lossFile?.Dispose();
    }

    private void AddBit(long token, bool learned)
    {
        if (learned) _bits |= (byte)(1 << (int)(token % 8));
        if (token % 8 != 7) return;
        _lossFile?.Write([_bits]);
        _bits = 0;
    }

    private void WriteTokens(ReadOnlySpan<int> ids)
    {
        const int Part = 1024;
        Span<byte> bytes = stackalloc byte[Part * sizeof(uint)];
        for (int start = 0; start < ids.Length; start += Part)
        {
            ReadOnlySpan<int> part = ids.Slice(start, Math.Min(Part, ids.Length - start));
            int width = type == TokenType.U16 ? sizeof(ushort) : sizeof(uint);
            for (int i = 0; i < part.Length; i++)
            {
                if (type == TokenType.U16) BinaryPrimitives.WriteUInt16LittleEndian(bytes[(i * width)..], checked((ushort)part[i]));
                else BinaryPrimitives.WriteInt32LittleEndian(bytes[(i * width)..], part[i]);
            }
            _tokenFile.Write(bytes[..(part.Length * width)]);
        }
    }
}
