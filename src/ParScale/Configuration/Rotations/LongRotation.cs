namespace ParScale.Configuration.Rotations;

/// <summary>
/// Every frequency divided by a factor of its own, from one list for short sequences and another one for long: rope type
/// <c>longrope</c>.
/// </summary>
public sealed record LongRotation : Rotation
{
    private readonly ValueList<double> _short = new([]), _long = new([]);

    /// <summary>[Size/2] factors of sequences up to <see cref="OriginalPositions"/>.</summary>
    public required IReadOnlyList<double> ShortFactors
    {
        get => _short;
        init => _short = new ValueList<double>(value);
    }

    /// <summary>[Size/2] factors of longer ones.</summary>
    public required IReadOnlyList<double> LongFactors
    {
        get => _long;
        init => _long = new ValueList<double>(value);
    }

    /// <summary>The longest sequence that counts as short.</summary>
    public required int OriginalPositions { get; init; }

    /// <summary>See <see cref="Rotation.Magnitude"/>; the same for short and long sequences.</summary>
    public required double AttentionFactor { get; init; }

    /// <inheritdoc/>
    public override double Magnitude => AttentionFactor;

    /// <inheritdoc/>
    public override bool DependsOnLength => true;

    /// <inheritdoc/>
    public override int Epoch(int length) => length > OriginalPositions ? OriginalPositions + 1 : 0;

    /// <inheritdoc/>
    public override void Frequencies(int length, Span<double> frequencies)
    {
        base.Frequencies(length, frequencies);
        ValueList<double> factors = Epoch(length) == 0 ? _short : _long;
        for (int i = 0; i < frequencies.Length; i++) frequencies[i] /= factors[i];
    }
}
