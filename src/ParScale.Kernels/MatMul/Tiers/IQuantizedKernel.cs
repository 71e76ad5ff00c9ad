using ParScale.Kernels.Formats;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>Multiplies tiles of block-quantized weights by a block of rows of activations on one kind of machine.</summary>
internal unsafe interface IQuantizedKernel
{
    /// <summary>What <c>--tier</c> and <c>PARSCALE_TIER</c> call it.</summary>
    string Name { get; }

    /// <summary>Does all tiles of a product with 1 to <see cref="QuantizedActivations.BlockRows"/> rows.</summary>
    void Run(WeightType type, QuantizedMatMulArgs* args, int rows);
}
