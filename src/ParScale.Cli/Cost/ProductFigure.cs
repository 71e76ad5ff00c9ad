using ParScale.Benchmarking;
using ParScale.ScalingLaws.Cost;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Cost;

/// <summary>What a product kernel does with data in the first-level cache and all threads.</summary>
/// <param name="Dtype">Format of the weights.</param>
/// <param name="Rows">Rows that each weight is used for; the largest number stands for all above it.</param>
/// <param name="GmacS">Multiply-adds, G/s, median.</param>
internal sealed record ProductFigure(string Dtype, int Rows, double GmacS)
{
    public static ProductFigure From(MeasuredProducts products) => new(Figures.Format(products.Format), products.Rows, products.Rate / 1e9);

    /// <summary>For the cost model.</summary>
    public static ProductRates Rates(IEnumerable<ProductFloor> floors) => new(floors.Select(Measured));

    public static MeasuredProducts Measured(ProductFloor floor) => new(floor.Case.Type, floor.Case.Rows, floor.Rate.Median);
}
