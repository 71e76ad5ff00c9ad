using ParScale.Kernels.Formats;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>Multiplies tiles of grouped weights by a block of columns on one kind of machine.</summary>
internal unsafe interface IGroupedKernel
{
    /// <summary>What <c>--tier</c> and <c>PARSCALE_TIER</c> call it.</summary>
    string Name { get; }

    /// <summary>Does all tiles of a product with 1 to <see cref="QuantizedColumns.BlockColumns"/> columns.</summary>
    void Run(WeightType type, GroupedProduct* product, int columns);
}
