using System.Diagnostics;
using ParScale.Kernels.Formats;

namespace ParScale.Kernels.Attention;

/// <summary>Where the numbers of a tile of 16 slots lie, for one format and head size D.</summary>
internal readonly unsafe struct KvLayout
{
    /// <summary>Slots in a tile.</summary>
    public const int TileSlots = 16;

    /// <summary>Bytes of one row of a key tile: a 32-bit lane per slot.</summary>
    public const int KeyRowBytes = TileSlots * sizeof(int);

    public KvLayout(KvDtype type, int headSize)
    {
        HeadSize = headSize;
        Type = type;
        (int pack, int group) = type switch
        {
            KvDtype.F32 => (KvF32.Pack, KvF32.GroupSize),
            KvDtype.Bf16 => (KvBf16.Pack, KvBf16.GroupSize),
            KvDtype.Q8 => (KvQ8.Pack, KvQ8.GroupSize),
            _ => throw new ArgumentOutOfRangeException(nameof(type)),
        };
        Width = (headSize + TileSlots - 1) / TileSlots * TileSlots;
        KeySteps = (headSize + pack - 1) / pack;
        Groups = group == 0 ? 1 : (headSize + group - 1) / group;
        KeyScaleOffset = KeySteps * KeyRowBytes;
        ValueScaleOffset = KeyScaleOffset + Groups * KeyRowBytes;
        KeyTileBytes = group == 0 ? KeyScaleOffset : ValueScaleOffset + KeyRowBytes;
        ValueTileBytes = TileSlots / pack * ValueRowBytes;
    }

    /// <summary>How numbers are stored.</summary>
    public KvDtype Type { get; }

    /// <summary>D.</summary>
    public int HeadSize { get; }

    /// <summary>D, up to the next multiple of 16: lanes in a row of a value tile.</summary>
    public int Width { get; }

    /// <summary>Rows of a key tile.</summary>
    public int KeySteps { get; }

    /// <summary>Scales of a key; 1 when the format has none.</summary>
    public int Groups { get; }

    /// <summary>From the start of a key tile to its scales, [Groups, 16] singles.</summary>
    public int KeyScaleOffset { get; }

    /// <summary>From the start of a key tile to the scales of the same slots' values, [16] singles.</summary>
    public int ValueScaleOffset { get; }

    /// <summary>Bytes from one key tile to the next.</summary>
    public int KeyTileBytes { get; }

    /// <summary>Bytes from one value tile to the next: its rows alone, so that rows of successive tiles are evenly spaced.</summary>
    public int ValueTileBytes { get; }

    /// <summary>Bytes of a row of a value tile.</summary>
    public int ValueRowBytes => Width * sizeof(int);

    /// <summary>
    /// Rounds a key and a value, [D] each, into lane <paramref name="slot"/> of their tiles. Threads may store several slots at
    /// once, and the last of them with <paramref name="last"/>: what the tile holds after it is forgotten.
    /// </summary>
    public void Store(byte* keyTile, byte* valueTile, int slot, float* key, float* value, bool last)
    {
        switch (Type)
        {
            case KvDtype.F32:
                KvF32.StoreKey(keyTile, this, slot, key);
                KvF32.StoreValue(keyTile, valueTile, this, slot, value);
                if (last) KvF32.ClearAfter(keyTile, valueTile, this, slot);
                break;
            case KvDtype.Bf16:
                KvBf16.StoreKey(keyTile, this, slot, key);
                KvBf16.StoreValue(keyTile, valueTile, this, slot, value);
                if (last) KvBf16.ClearAfter(keyTile, valueTile, this, slot);
                break;
            case KvDtype.Q8:
                KvQ8.StoreKey(keyTile, this, slot, key);
                KvQ8.StoreValue(keyTile, valueTile, this, slot, value);
                if (last) KvQ8.ClearAfter(keyTile, valueTile, this, slot);
                break;
            default:
                throw new UnreachableException($"no such format: {Type}");
        }
    }
}
