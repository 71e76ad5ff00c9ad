using ScottPlot.TickGenerators;

namespace ParScale.Cli.Plots;

/// <summary>Ticks for an axis that holds decimal logarithms.</summary>
internal static class LogTicks
{
    private const int Most = 9;

    /// <summary>Round numbers between two of them, as many as have room; <paramref name="text"/> writes one.</summary>
    public static NumericManual Between(double least, double most, Func<double, string> text)
    {
        var ticks = new NumericManual();
        foreach (double number in Numbers(least, most)) ticks.AddMajor(Math.Log10(number), text(number));
        return ticks;
    }

    /// <summary>The numbers; none when not even the powers of ten have room.</summary>
    public static double[] Numbers(double least, double most)
    {
        double[][] steps = [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]];
        return steps.Select(each => Round(each, least, most)).FirstOrDefault(numbers => numbers.Length <= Most) ?? [];
    }

    private static double[] Round(double[] steps, double least, double most) =>
    [
        .. from decade in Enumerable.Range((int)Math.Floor(Math.Log10(least)), (int)Math.Ceiling(Math.Log10(most / least)) + 1)
           from step in steps
           let number = step * Math.Pow(10, decade)
           where number >= least && number <= most
           select number,
    ];
}
