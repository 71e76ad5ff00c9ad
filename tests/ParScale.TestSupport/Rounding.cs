namespace ParScale.TestSupport;

/// <summary>
/// How far logits in float32 may be from those in float64, on any machine: no further than <see cref="Factor"/> times what the float64
/// pass itself moves when its weights are off by the rounding of sums. docs/math.md derives it ("Float32 against float64").
/// </summary>
public static class Rounding
{
    /// <summary>For the largest of many errors, of which only a few draws are looked at.</summary>
    private const double Factor = 4;

    private const int Draws = 2;

    /// <summary>How often a number is rounded on its way through norm, rotation, softmax, activation or residual sum.</summary>
    private const int OtherRoundings = 8;

    /// <summary>
    /// The root mean square of the relative error of a sum of <paramref name="length"/> products and what is done with it:
    /// 0.43 u sqrt(K / 2 + 8).
    /// </summary>
    public static double OfSum(long length) => 0.43 * Math.ScaleB(Math.Sqrt(length / 2.0 + OtherRoundings), -24);

    /// <summary>
    /// Weights in rows of <paramref name="length"/>, off by the rounding of the sums they are in: each on its own, which is what a sum
    /// of terms that cancel loses, and row by row, which is what a sum of equal signs loses.
    /// </summary>
    public static double[] Change(double[] weights, long length, Random random)
    {
        double deviation = OfSum(length), row = 1;
        double Drawn() => 1 + deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var changed = new double[weights.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            if (i % length == 0) row = Drawn();
            changed[i] = weights[i] * row * Drawn();
        }
        return changed;
    }

    /// <summary>
    /// The largest error that float32 may make in any of the <paramref name="exact"/> numbers; <paramref name="changed"/> gives them with
    /// changed weights, drawn from a seed.
    /// </summary>
    public static double Allowed(double[] exact, Func<int, double[]> changed) =>
        Factor * Enumerable.Range(1, Draws).Max(seed => Distance(exact, changed(seed)));

    /// <summary>max |a - b|.</summary>
    public static double Distance(IEnumerable<double> a, IEnumerable<double> b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
}
