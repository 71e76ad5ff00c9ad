namespace ParScale.ScalingLaws.Law.Fitting;

/// <summary>
/// The points as the fit sees them. Sizes are counted in <see cref="Scale"/>, a power of ten near the middle of the data, so that the
/// published grid of starts, made for models of about 1e9 parameters, suits models of any size.
/// </summary>
internal sealed class FitData
{
    public FitData(IReadOnlyList<LossPoint> points)
        : this(points, Math.Pow(10, Math.Round(points.Average(point => Math.Log10(point.N)))), points.Max(point => point.Loss))
    {
    }

    private FitData(IReadOnlyList<LossPoint> points, double scale, double highestLoss)
    {
        Points = points;
        Scale = scale;
        HighestLoss = highestLoss;
        LogSize = [.. points.Select(point => Math.Log(point.N / scale))];
        LogStreams = [.. points.Select(point => Math.Log(point.P))];
        LogLoss = [.. points.Select(point => Math.Log(point.Loss))];
    }

    public IReadOnlyList<LossPoint> Points { get; }

    /// <summary>Parameters, the unit of <see cref="LogSize"/>.</summary>
    public double Scale { get; }

    public double HighestLoss { get; }

    /// <summary>ln(N / Scale) of each point.</summary>
    public double[] LogSize { get; }

    /// <summary>ln P of each point.</summary>
    public double[] LogStreams { get; }

    /// <summary>ln L of each point.</summary>
    public double[] LogLoss { get; }

    /// <summary>Other points with the scale and the bounds of these, so that parameters mean the same.</summary>
    public FitData With(IReadOnlyList<LossPoint> points) => new(points, Scale, HighestLoss);
}
