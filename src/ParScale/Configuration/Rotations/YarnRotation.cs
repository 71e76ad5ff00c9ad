namespace ParScale.Configuration.Rotations;

/// <summary>
/// Frequencies that pass from kept to divided by a factor along a ramp of their indices, and longer vectors: rope type <c>yarn</c>.
/// Source: arXiv 2309.00071, as Transformers computes it.
/// </summary>
public sealed record YarnRotation : Rotation
{
    /// <summary>The factor.</summary>
    public required double Factor { get; init; }

    /// <summary>The context that the model was first trained with, in tokens.</summary>
    public required int OriginalPositions { get; init; }

    /// <summary>Frequencies that turn more often than this within it are kept.</summary>
    public double FastTurns { get; init; } = 32;

    /// <summary>Those that turn less often than this are divided.</summary>
    public double SlowTurns { get; init; } = 1;

    /// <summary>Whether the ends of the ramp are whole indices.</summary>
    public bool WholeIndices { get; init; } = true;

    /// <summary>See <see cref="Rotation.Magnitude"/>.</summary>
    public required double AttentionFactor { get; init; }

    /// <inheritdoc/>
    public override double Magnitude => AttentionFactor;

    /// <inheritdoc/>
    public override void Frequencies(int length, Span<double> frequencies)
    {
        base.Frequencies(length, frequencies);
        double low = Index(FastTurns), high = Index(SlowTurns);
        if (WholeIndices) (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, Size - 1));
        if (low == high) high += 0.001;
        for (int i = 0; i < frequencies.Length; i++)
        {
            double divided = Math.Clamp((i - low) / (high - low), 0, 1);
            frequencies[i] = frequencies[i] * (1 - divided) + frequencies[i] / Factor * divided;
        }
    }

    // The index of the frequency that turns so often within the original context.
    private double Index(double turns) => Size * Math.Log(OriginalPositions / (2 * Math.PI * turns)) / (2 * Math.Log(Theta));
}
