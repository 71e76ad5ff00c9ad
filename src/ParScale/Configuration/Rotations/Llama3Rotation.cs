namespace ParScale.Configuration.Rotations;

/// <summary>
/// Slow frequencies divided by a factor, fast ones kept, and a smooth passage between them: rope type <c>llama3</c>.
/// </summary>
public sealed record Llama3Rotation : Rotation
{
    /// <summary>The factor.</summary>
    public required double Factor { get; init; }

    /// <summary>Wavelengths above <see cref="OriginalPositions"/> divided by this are scaled in full.</summary>
    public required double LowFrequencyFactor { get; init; }

    /// <summary>Wavelengths below <see cref="OriginalPositions"/> divided by this are kept; above <see cref="LowFrequencyFactor"/>.</summary>
    public required double HighFrequencyFactor { get; init; }

    /// <summary>The context that the model was first trained with, in tokens.</summary>
    public required int OriginalPositions { get; init; }

    /// <inheritdoc/>
    public override void Frequencies(int length, Span<double> frequencies)
    {
        base.Frequencies(length, frequencies);
        foreach (ref double frequency in frequencies)
        {
            double turns = OriginalPositions * frequency / (2 * Math.PI);
            double kept = Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0, 1);
            frequency = (1 - kept) * frequency / Factor + kept * frequency;
        }
    }
}
