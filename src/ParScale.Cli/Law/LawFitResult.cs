using ParScale.ScalingLaws.Law;

namespace ParScale.Cli.Law;

/// <summary>The JSON of <c>parscale law fit</c>; losses and errors in nats per token.</summary>
internal sealed record LawFitResult
{
    /// <summary>Whose losses.</summary>
    public required string Data { get; init; }

    /// <summary>How many.</summary>
    public required int Points { get; init; }

    /// <summary>Loss that no size reaches below.</summary>
    public required double E { get; init; }

    /// <summary>Scale, in parameters.</summary>
    public required double A { get; init; }

    public required double Alpha { get; init; }

    public required double K { get; init; }

    /// <summary>Share of the variance of the losses explained.</summary>
    public required double R2 { get; init; }

    /// <summary>Null when they were switched off or there are too few points.</summary>
    public required LawFitIntervals? Intervals { get; init; }

    public required IReadOnlyList<LawFitResidual> Residuals { get; init; }

    /// <summary>Errors on the largest models when they are left out of the fit.</summary>
    public required IReadOnlyList<HeldOut> Extrapolation { get; init; }

    /// <summary>The law and its rivals on the same data.</summary>
    public required IReadOnlyList<LawFitForm> Forms { get; init; }

    /// <summary>What the data prefer, and what they do not settle, in sentences.</summary>
    public required IReadOnlyList<string> OpenQuestions { get; init; }

    /// <summary>What to know before relying on the fit.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>
/// Bootstrap intervals of the parameters: the share of the repetitions that each holds, how many, and the seed that gives the same again.
/// </summary>
internal sealed record LawFitIntervals(
    double Level, int Samples, int Seed, LawFitInterval E, LawFitInterval A, LawFitInterval Alpha, LawFitInterval K);

/// <summary>Both ends; null where the data set none.</summary>
internal sealed record LawFitInterval(double? Low, double? High);

/// <summary>A point, its prediction, and predicted less given loss.</summary>
internal sealed record LawFitResidual(double N, int P, double Loss, double Predicted, double Error);

/// <summary>A form of law, fitted; lower criteria and errors are better, null where there are too few points.</summary>
internal sealed record LawFitForm(
    string Name, string Formula, IReadOnlyDictionary<string, double> Parameters, double R2, double? Aicc, double Bic, double? CrossValidation,
    IReadOnlyList<HeldOut> Extrapolation);
