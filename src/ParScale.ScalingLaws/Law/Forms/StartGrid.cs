namespace ParScale.ScalingLaws.Law.Forms;

/// <summary>The published starts of the fit: 3 of E, 5 of A (in units of the data's scale), 5 of alpha, 4 of the last parameter.</summary>
internal static class StartGrid
{
    private static readonly double[] LogE = [-1, -0.5, 0];
    private static readonly double[] LogA = [-4, -2, 0, 2, 4];
    private static readonly double[] Alpha = [0, 0.5, 1, 1.5, 2];

    /// <summary>E, ln of the reducible loss at the scale (which is alpha ln A), alpha, and one of <paramref name="last"/>.</summary>
    public static IEnumerable<double[]> Of(double[] last) =>
        from logE in LogE
        from logA in LogA
        from alpha in Alpha
        from value in last
        select new[] { Math.Exp(logE), alpha * logA, alpha, value };
}
