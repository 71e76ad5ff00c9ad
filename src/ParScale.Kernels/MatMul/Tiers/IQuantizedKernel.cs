using System.Runtime.InteropServices;
using ParScale.Kernels.Formats;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>Multiplies tiles of block-quantized weights by a block of rows of activations on one kind of machine.</summary>
internal unsafe interface IQuantizedKernel
{
    /// <summary>What <c>--tier</c> and <c>PARSCALE_TIER</c> call it.</summary>
    string Name { get; }

    /// <summary>How it wants the activations that are multiplied with weights of a type.</summary>
    ActivationLayout Layout(WeightDtype type);

    /// <summary>Does all tiles of a product with 1 to <see cref="QuantizedActivations.BlockRows"/> rows.</summary>
    void Run(WeightDtype type, QuantizedMatMulArgs* args, int rows);
}

/// <summary>
/// What a kernel of block-quantized weights works on: consecutive tiles of 32 outputs times one block of rows of activations.
/// Generated machine code reads the fields by offset.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct QuantizedMatMulArgs
{
    /// <summary>Codes of the first tile.</summary>
    public byte* Weights;

    /// <summary>bfloat16 scales of the first tile.</summary>
    public ushort* Scales;

    /// <summary>Codes of the block's rows, [groups, rows, values of a group], in the layout that the kernel asked for.</summary>
    public sbyte* X;

    /// <summary>Scales and start sums of the block's rows, [groups, rows].</summary>
    public ActivationGroup* XGroups;

    /// <summary>The first output of the first row.</summary>
    public float* Y;

    /// <summary>Groups of a row.</summary>
    public nint Groups;

    /// <summary>Tiles to do.</summary>
    public nint Tiles;

    /// <summary>Bytes from a tile's codes to the next tile's.</summary>
    public nint WeightStride;

    /// <summary>Bytes from a tile's scales to the next tile's.</summary>
    public nint ScaleStride;

    /// <summary>Bytes from a row of y to the next.</summary>
    public nint YStride;

    /// <summary>
    /// Where to ask for weights ahead of their use, and by how many bytes that goes on per step of 128 bytes of codes. Only a hint.
    /// </summary>
    public byte* Prefetch;

    /// <summary>See <see cref="Prefetch"/>.</summary>
    public nint PrefetchStep;
}

/// <summary>One group of one row of activations. Generated machine code reads the fields by offset.</summary>
/// <param name="Scale">x = Scale * code.</param>
/// <param name="Start">
/// Where the integer sum starts: minus the weights' offset times the sum of the codes, which undoes that offset.
/// </param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct ActivationGroup(float Scale, int Start);
