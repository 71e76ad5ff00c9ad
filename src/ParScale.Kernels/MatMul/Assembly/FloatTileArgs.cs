using System.Runtime.InteropServices;

namespace ParScale.Kernels.MatMul.Assembly;

/// <summary>
/// What <see cref="FloatTileCode"/> works on: consecutive tiles of three outputs times one panel of x, along a part of k. The code reads the
/// fields by offset.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FloatTileArgs
{
    /// <summary>Where the part begins in each row of weights of the first tile.</summary>
    public byte* Weights0, Weights1, Weights2;

    /// <summary>Bytes of the part in a row of weights: whole chunks of 32 values, at least one.</summary>
    public nint Bytes;

    /// <summary>Bytes from a tile's weights to the next tile's.</summary>
    public nint TileBytes;

    /// <summary>Tiles to do, at least one.</summary>
    public nint Tiles;

    /// <summary>The part of the panel.</summary>
    public float* X;

    /// <summary>Sums of lanes: [tiles, rows, 3, 16].</summary>
    public float* Sums;

    /// <summary>Zero: the sums start from zero. Else from what is in them.</summary>
    public nint Carried;

    /// <summary>Bytes from the last tile's weights to those that are used after it. Only a hint.</summary>
    public nint LastNext;

    /// <summary>Where to ask for weights in memory ahead of their use; the code moves it on. Only a hint.</summary>
    public byte* Fetch;

    /// <summary>Bytes from one such fetch to the next.</summary>
    public nint FetchStep;
}
