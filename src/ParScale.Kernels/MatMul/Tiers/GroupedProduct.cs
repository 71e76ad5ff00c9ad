using System.Runtime.InteropServices;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// What a grouped kernel works on: consecutive tiles of 32 rows times one block of columns. Generated machine code
/// reads the fields by offset.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GroupedProduct
{
    /// <summary>Levels of the first tile.</summary>
    public byte* Weights;

    /// <summary>bfloat16 scales of the first tile.</summary>
    public ushort* Scales;

    /// <summary>Levels of the block's columns, [groups, columns, values of a group].</summary>
    public sbyte* X;

    /// <summary>Scales and start sums of the block's columns, [groups, columns].</summary>
    public ColumnGroup* XGroups;

    /// <summary>Output of the first row in the first column.</summary>
    public float* Y;

    /// <summary>Groups of a row.</summary>
    public nint Groups;

    /// <summary>Tiles to do.</summary>
    public nint Tiles;

    /// <summary>Bytes from a tile's levels to the next tile's.</summary>
    public nint WeightStride;

    /// <summary>Bytes from a tile's scales to the next tile's.</summary>
    public nint ScaleStride;

    /// <summary>Bytes from a column of the output to the next.</summary>
    public nint YStride;

    /// <summary>
    /// Where to ask for weights ahead of their use, and by how many bytes that goes on per step of 128 bytes of levels. Only a hint.
    /// </summary>
    public byte* Prefetch;

    /// <summary>See <see cref="Prefetch"/>.</summary>
    public nint PrefetchStep;
}
