namespace ParScale.Training.Reporting;

/// <summary>How fast this process trained, validation not counted.</summary>
/// <param name="TokensPerSecond">Tokens of the data, each of which P streams read.</param>
/// <param name="FlopsPerToken">Floating-point operations for one of them, see <see cref="ModelWork"/>.</param>
/// <param name="MatrixFlopsPerSecond">What the machine reached on plain products at the start, see <see cref="MatrixRate"/>.</param>
/// <param name="ShareOfPeak">The part of that rate that training used, 0 to 1.</param>
internal sealed record RunSpeed(double TokensPerSecond, double FlopsPerToken, double MatrixFlopsPerSecond, double ShareOfPeak);
