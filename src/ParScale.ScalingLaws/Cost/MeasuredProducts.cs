using ParScale.Kernels.Formats;

namespace ParScale.ScalingLaws.Cost;

/// <summary>What a machine's product kernel was measured to do.</summary>
/// <param name="Format">Format of the weights.</param>
/// <param name="Rows">Rows that each weight is used for.</param>
/// <param name="Rate">Multiply-adds a second.</param>
public readonly record struct MeasuredProducts(WeightDtype Format, int Rows, double Rate);
