using System.Diagnostics;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.Kernels.Attention;

/// <summary>
/// Keys and values of one layer, [streams, heads, capacity, D] each, outside the managed heap. Memory is taken as slots are
/// stored, not when the buffer is made.
/// </summary>
internal sealed unsafe class KvBuffer : IDisposable
{
    private readonly AlignedBuffer _buffer;
    private readonly KvLayout _layout;
    private readonly int _tiles;

    /// <summary>Room for <paramref name="capacity"/> slots of every stream and head.</summary>
    /// <exception cref="OutOfMemoryException">The system has not that much address space.</exception>
    public KvBuffer(KvDtype type, int streams, int heads, int headSize, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(streams);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(headSize);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        (Streams, Heads, Capacity) = (streams, heads, capacity);
        _layout = new KvLayout(type, headSize);
        _tiles = Tiles(capacity);
        _buffer = new AlignedBuffer(BytesFor(type, streams, heads, headSize, capacity));
    }

    /// <summary>Streams with keys and values of their own; 1 when all streams share them.</summary>
    public int Streams { get; }

    /// <summary>Key-value heads.</summary>
    public int Heads { get; }

    /// <summary>Slots per stream and head.</summary>
    public int Capacity { get; }

    /// <summary>How numbers are stored, and the head size.</summary>
    internal ref readonly KvLayout Layout => ref _layout;

    /// <summary>Bytes from the keys (or values) of one head to those of the next; heads of a stream follow each other.</summary>
    internal long KeyStride => (long)_tiles * _layout.KeyTileBytes;

    /// <summary>The same for values.</summary>
    internal long ValueStride => (long)_tiles * _layout.ValueTileBytes;

    /// <summary>The key tiles of stream 0, head 0.</summary>
    internal byte* Keys => _buffer.Start;

    /// <summary>The value tiles of stream 0, head 0.</summary>
    internal byte* Values => _buffer.Start + Streams * Heads * KeyStride;

    /// <summary>Bytes that a full buffer takes.</summary>
    public static long BytesFor(KvDtype type, int streams, int heads, int headSize, int capacity)
    {
        var layout = new KvLayout(type, headSize);
        return checked((long)streams * heads * Tiles(capacity) * (layout.KeyTileBytes + layout.ValueTileBytes));
    }

    /// <summary>Stores one slot of one stream. keys, values: [heads, D]. Slots are stored in increasing order.</summary>
    /// <exception cref="ArgumentException">A length does not fit, or there is no such stream or slot.</exception>
    public void Store(int stream, int slot, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        if (keys.Length != Heads * _layout.HeadSize || values.Length != keys.Length) throw new ArgumentException("keys and values are not [heads, D]");
        if ((uint)stream >= (uint)Streams || (uint)slot >= (uint)Capacity) throw new ArgumentException("the buffer has no such stream or slot");
        fixed (float* key = keys, value = values)
        {
            for (int head = 0; head < Heads; head++)
            {
                byte* keyTile = KeyTile(stream, head, slot), valueTile = ValueTile(stream, head, slot);
                _layout.Store(keyTile, valueTile, slot % KvLayout.TileSlots, key + head * _layout.HeadSize, value + head * _layout.HeadSize, last: true);
            }
        }
        GC.KeepAlive(this);
    }

    /// <summary>One number of a stored key, as the kernels see it.</summary>
    public float Key(int stream, int head, int slot, int index)
    {
        byte* tile = KeyTile(stream, head, slot);
        int lane = slot % KvLayout.TileSlots;
        return _layout.Type switch
        {
            KvDtype.F32 => KvF32.Key(tile, _layout, lane, index),
            KvDtype.Bf16 => KvBf16.Key(tile, _layout, lane, index),
            KvDtype.Q8 => KvQ8.Key(tile, _layout, lane, index),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>One number of a stored value, as the kernels see it.</summary>
    public float Value(int stream, int head, int slot, int index)
    {
        byte* keyTile = KeyTile(stream, head, slot), tile = ValueTile(stream, head, slot);
        int lane = slot % KvLayout.TileSlots;
        return _layout.Type switch
        {
            KvDtype.F32 => KvF32.Value(keyTile, tile, _layout, lane, index),
            KvDtype.Bf16 => KvBf16.Value(keyTile, tile, _layout, lane, index),
            KvDtype.Q8 => KvQ8.Value(keyTile, tile, _layout, lane, index),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>The code of a stored number and the scale that it is multiplied with; of 8-bit buffers.</summary>
    public (sbyte Code, float Scale) Rounded(bool isValue, int stream, int head, int slot, int index)
    {
        if (_layout.Type != KvDtype.Q8) throw new InvalidOperationException("the buffer holds no codes");
        byte* keyTile = KeyTile(stream, head, slot);
        int lane = slot % KvLayout.TileSlots;
        return isValue ? KvQ8.RoundedValue(keyTile, ValueTile(stream, head, slot), _layout, lane, index) : KvQ8.RoundedKey(keyTile, _layout, lane, index);
    }

    /// <summary>Takes the first <paramref name="slots"/> slots of a buffer of the same format, streams and heads.</summary>
    /// <exception cref="ArgumentException">The buffers do not fit, or either has fewer slots.</exception>
    public void CopyFrom(KvBuffer other, int slots)
    {
        bool fits = other.Streams == Streams && other.Heads == Heads && other._layout.Type == _layout.Type && other._layout.HeadSize == _layout.HeadSize;
        if (!fits || (uint)slots > (uint)Math.Min(Capacity, other.Capacity)) throw new ArgumentException("the buffers do not fit", nameof(other));
        long keys = (long)Tiles(slots) * _layout.KeyTileBytes, values = (long)Tiles(slots) * _layout.ValueTileBytes;
        for (int head = 0; head < Streams * Heads; head++)
        {
            Buffer.MemoryCopy(other.Keys + head * other.KeyStride, Keys + head * KeyStride, keys, keys);
            Buffer.MemoryCopy(other.Values + head * other.ValueStride, Values + head * ValueStride, values, values);
        }
        GC.KeepAlive(other);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private static int Tiles(int capacity) => (capacity + KvLayout.TileSlots - 1) / KvLayout.TileSlots;

    private byte* KeyTile(int stream, int head, int slot) =>
        Keys + (stream * Heads + head) * KeyStride + (long)(slot / KvLayout.TileSlots) * _layout.KeyTileBytes;

    private byte* ValueTile(int stream, int head, int slot) =>
        Values + (stream * Heads + head) * ValueStride + (long)(slot / KvLayout.TileSlots) * _layout.ValueTileBytes;
}
