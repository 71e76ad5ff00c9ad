namespace ParScale.Kernels.Formats;

/// <summary>How far rounded weights are from what they were.</summary>
/// <param name="Squares">Sum of the squared differences; NaN when a value was not finite.</param>
/// <param name="Values">Sum of the squared values.</param>
internal readonly record struct RoundingError(double Squares, double Values)
{
    /// <summary>Root mean square of the differences over that of the values; 0 when all values are 0.</summary>
    public double Relative => Values == 0 ? 0 : Math.Sqrt(Squares / Values);

    /// <summary>Both together.</summary>
    public static RoundingError operator +(RoundingError a, RoundingError b) => new(a.Squares + b.Squares, a.Values + b.Values);
}
