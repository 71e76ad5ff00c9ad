using ParScale.Kernels.Elementwise;

namespace ParScale.Configuration.Rotations;

/// <summary>
/// A base that grows with the sequence, once that is longer than the model was trained for: rope type <c>dynamic</c>.
/// theta (factor n / max - (factor - 1))^(Size / (Size - 2)), n being the length, at least max.
/// </summary>
public sealed record DynamicRotation : Rotation
{
    /// <summary>The factor.</summary>
    public required double Factor { get; init; }

    /// <summary>max: the longest sequence that turns by the plain frequencies.</summary>
    public required int TrainedPositions { get; init; }

    /// <inheritdoc/>
    public override bool DependsOnLength => true;

    /// <inheritdoc/>
    public override int Epoch(int length) => length > TrainedPositions ? length : 0;

    /// <inheritdoc/>
    public override void Frequencies(int length, Span<double> frequencies)
    {
        double growth = Factor * Math.Max(length, TrainedPositions) / TrainedPositions - (Factor - 1);
        Rope.Frequencies(Theta * Math.Pow(growth, Size / (Size - 2.0)), frequencies);
    }
}
