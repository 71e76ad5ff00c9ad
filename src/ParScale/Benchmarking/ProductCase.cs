using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;

namespace ParScale.Benchmarking;

/// <summary>What the speed of a product kernel depends on.</summary>
/// <param name="Type">Type of the weights.</param>
/// <param name="Rows">Rows that each weight is used for, at most <see cref="ProductRate.MostRows"/>: more run at the same rate.</param>
internal readonly record struct ProductCase(WeightDtype Type, int Rows)
{
    /// <summary>The case of any number of rows.</summary>
    public static ProductCase Of(WeightDtype type, int rows) => new(type, Math.Min(rows, ProductRate.MostRows));
}
