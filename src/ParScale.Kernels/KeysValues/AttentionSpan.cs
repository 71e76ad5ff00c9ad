namespace ParScale.Kernels.KeysValues;

/// <summary>One sequence of an attention call.</summary>
internal unsafe struct AttentionSpan
{
    public byte* Keys;
    public byte* Values;

    /// <summary>Bytes from one head's keys to the next head's.</summary>
    public long KeyStride;

    public long ValueStride;

    /// <summary>1 when all streams share keys and values.</summary>
    public int Streams;

    /// <summary>Tokens before the first new one.</summary>
    public int Filled;

    /// <summary>Place of the first new token among all new tokens of the call.</summary>
    public int First;

    /// <summary>New tokens.</summary>
    public int Count;

    /// <summary>The addresses of a sequence whose first new token is token <paramref name="first"/> of the call.</summary>
    public static AttentionSpan Of(AttentionSequence sequence, int first) => new()
    {
        Keys = sequence.Tokens.Keys,
        Values = sequence.Tokens.Values,
        KeyStride = sequence.Tokens.KeyStride,
        ValueStride = sequence.Tokens.ValueStride,
        Streams = sequence.Tokens.Streams,
        Filled = sequence.Filled,
        First = first,
        Count = sequence.Count,
    };

    /// <summary>Rounds one slot of one head; <paramref name="head"/> counts the heads of all streams. key, value: [D]. last: no new slot follows.</summary>
    public readonly void Store(in KvLayout layout, int head, int slot, float* key, float* value, bool last)
    {
        byte* keyTile = Keys + head * KeyStride + (long)(slot / KvLayout.TileSlots) * layout.KeyTileBytes;
        byte* valueTile = Values + head * ValueStride + (long)(slot / KvLayout.TileSlots) * layout.ValueTileBytes;
        layout.Store(keyTile, valueTile, slot % KvLayout.TileSlots, key, value, last);
    }
}
