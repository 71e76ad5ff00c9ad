using ParScale.Kernels.Elementwise;

namespace ParScale.Configuration.Rotations;

/// <summary>
/// How queries and keys turn by position (RoPE), in the half-split form: of the first <see cref="Size"/> numbers of a head,
/// (x[i], x[i + Size/2]) turns by position * frequency[i]; the numbers behind them stay.
/// </summary>
public abstract record Rotation
{
    /// <summary>The base of the frequencies theta^(-2i/Size).</summary>
    public required double Theta { get; init; }

    /// <summary>How many numbers of a head turn; even.</summary>
    public required int Size { get; init; }

    /// <summary>What cosines and sines are multiplied with, so that scores grow by its square.</summary>
    public virtual double Magnitude => 1;

    /// <summary>Whether the frequencies depend on the length of the sequence.</summary>
    public virtual bool DependsOnLength => false;

    /// <summary>
    /// The shortest length, or 0, that has the frequencies of <paramref name="length"/>. Keys that were turned in one epoch are wrong in
    /// another one.
    /// </summary>
    /// <param name="length">Tokens of the sequence; prefix slots do not count.</param>
    public virtual int Epoch(int length) => 0;

    /// <summary>Fills what a position is multiplied with to give the angle of each pair, in double precision.</summary>
    /// <param name="length">Tokens of the whole sequence.</param>
    /// <param name="frequencies">[Size/2]</param>
    public virtual void Frequencies(int length, Span<double> frequencies) => Rope.Frequencies(Theta, frequencies);
}

/// <summary>Frequencies as they are: rope type <c>default</c>.</summary>
public sealed record DefaultRotation : Rotation;

/// <summary>All frequencies divided by one factor: rope type <c>linear</c>.</summary>
public sealed record LinearRotation : Rotation
{
    /// <summary>The factor.</summary>
    public required double Factor { get; init; }

    /// <inheritdoc/>
    public override void Frequencies(int length, Span<double> frequencies)
    {
        base.Frequencies(length, frequencies);
        foreach (ref double frequency in frequencies) frequency /= Factor;
    }
}
