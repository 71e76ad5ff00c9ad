using ParScale.ScalingLaws.Law;
using ScottPlot.TickGenerators;

namespace ParScale.Cli.Plots;

/// <summary>Ticks for parameters on an axis that holds their decimal logarithms.</summary>
internal static class ParameterTicks
{
    /// <summary>Round numbers between two of them: as coarse as leaves three.</summary>
    public static NumericManual Between(double least, double most)
    {
        double[][] steps = [[1], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]];
        double[] even = [.. Enumerable.Range(0, 5).Select(i => least * Math.Pow(most / least, i / 4.0))];
        double[] chosen = steps.Select(each => Round(each, least, most)).FirstOrDefault(ticks => ticks.Length >= 3) ?? even;
        var ticks = new NumericManual();
        foreach (double n in chosen) ticks.AddMajor(Math.Log10(n), ParameterCount.Format(n));
        return ticks;
    }

    private static double[] Round(double[] steps, double least, double most) =>
    [
        .. from decade in Enumerable.Range((int)Math.Floor(Math.Log10(least)), (int)Math.Ceiling(Math.Log10(most / least)) + 1)
           from step in steps
           let n = step * Math.Pow(10, decade)
           where n >= least && n <= most
           select n,
    ];
}
