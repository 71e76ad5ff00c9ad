namespace ParScale.ScalingLaws.Law;

/// <summary>One form of law on a table of losses, and what speaks for and against it.</summary>
public sealed record FormReport
{
    /// <summary><c>log</c> (the law), <c>correlation</c> (theory with a constant correlation) or <c>saturating</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The formula, with the names in <see cref="Parameters"/>.</summary>
    public required string Formula { get; init; }

    /// <summary>What was fitted, for n in parameters and losses in nats per token.</summary>
    public required IReadOnlyDictionary<string, double> Parameters { get; init; }

    /// <summary>Share of the losses' variance explained, as in <see cref="LawFit.RSquared"/>.</summary>
    public required double RSquared { get; init; }

    /// <summary>
    /// Akaike's criterion, corrected for few points, of the least-squares fit to ln L: lower is better, and 2 is little. Null when
    /// there are too few points.
    /// </summary>
    public required double? Aicc { get; init; }

    /// <summary>Schwarz's criterion of the same fit: lower is better.</summary>
    public required double Bic { get; init; }

    /// <summary>
    /// Root of the mean squared error when each point in turn (of more than fifty points, each fiftieth part) is left out, nats per token;
    /// null when there are too few.
    /// </summary>
    public required double? CrossValidation { get; init; }

    /// <summary>Errors beyond the data that were fitted.</summary>
    public required IReadOnlyList<HeldOut> Extrapolations { get; init; }

    /// <summary>The loss it predicts for n parameters and p streams, nats per token.</summary>
    public required Func<double, int, double> Loss { get; init; }
}
