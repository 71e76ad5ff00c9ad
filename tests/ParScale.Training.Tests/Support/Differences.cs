namespace ParScale.Training.Tests.Support;

/// <summary>Derivatives by central differences.</summary>
internal static class Differences
{
    private const double Step = 1e-5;

    /// <summary>How a loss changes with each of the numbers that it is computed from; they are the same again afterwards.</summary>
    public static double[] Slope(double[] numbers, Func<double> loss)
    {
        var slope = new double[numbers.Length];
        for (int i = 0; i < slope.Length; i++)
        {
            double value = numbers[i];
            numbers[i] = value + Step;
            double above = loss();
            numbers[i] = value - Step;
            slope[i] = (above - loss()) / (2 * Step);
            numbers[i] = value;
        }
        return slope;
    }
}
