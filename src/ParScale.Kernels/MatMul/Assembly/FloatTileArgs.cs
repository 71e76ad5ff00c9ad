using System.Runtime.InteropServices;

namespace ParScale.Kernels.MatMul.Assembly;

/// <summary>
/// What <see cref="FloatKernelCode"/> works on: consecutive tiles of three outputs times one panel of x, along a part of k. The code reads the
/// fields by offset.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FloatTileArgs
{
    /// <summary>Where the part begins in the three rows of weights of the first tile.</summary>
    public byte* Weights0;

    /// <summary>See <see cref="Weights0"/>.</summary>
    public byte* Weights1;

    /// <summary>See <see cref="Weights0"/>.</summary>
    public byte* Weights2;

    /// <summary>Bytes of the part in a row of weights, whole chunks and not none.</summary>
    public nint Bytes;

    /// <summary>Bytes from a tile's weights to the next tile's.</summary>
    public nint TileBytes;

    /// <summary>Tiles to do, not none.</summary>
    public nint Tiles;

    /// <summary>The part of the panel.</summary>
    public float* X;

    /// <summary>Sums of the lanes: [tiles, rows, 3, 16].</summary>
    public float* Sums;

    /// <summary>0: the sums start from nothing; else from those of the part before.</summary>
    public nint Carried;

    /// <summary>Bytes from the last tile's weights to those that the next call begins with. Only a hint.</summary>
    public nint LastNear;

    /// <summary>Where to ask for weights ahead of their use. The code moves on by itself, not in this field.</summary>
    public byte* Fetch;

    /// <summary>Bytes between two fetches. Only a hint, as <see cref="Fetch"/>.</summary>
    public nint FetchStep;
}
