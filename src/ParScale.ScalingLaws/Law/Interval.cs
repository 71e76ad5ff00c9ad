namespace ParScale.ScalingLaws.Law;

/// <summary>Where a figure lies.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end; infinite when the data do not bound it.</param>
public readonly record struct Interval(double Low, double High);
