using ParScale.Configuration.Rotations;

namespace ParScale.TestSupport;

/// <summary>The frequencies of every rotation once more, straight from the definitions of docs/math.md.</summary>
internal static class OracleRotation
{
    /// <summary>[Size/2] for a sequence of <paramref name="length"/> tokens.</summary>
    public static double[] Frequencies(Rotation rotation, int length) => rotation switch
    {
        DefaultRotation => Plain(rotation, rotation.Theta),
        LinearRotation linear => [.. Plain(rotation, rotation.Theta).Select(frequency => frequency / linear.Factor)],
        DynamicRotation dynamic => Dynamic(dynamic, length),
        Llama3Rotation llama3 => [.. Plain(rotation, rotation.Theta).Select(frequency => Llama3(llama3, frequency))],
        YarnRotation yarn => Yarn(yarn),
        LongRotation longRope => [.. Plain(rotation, rotation.Theta)
            .Zip(length > longRope.OriginalPositions ? longRope.LongFactors : longRope.ShortFactors, (frequency, factor) => frequency / factor)],
        _ => throw new ArgumentException($"no such rotation: {rotation}", nameof(rotation)),
    };

    private static double[] Plain(Rotation rotation, double theta) =>
        [.. Enumerable.Range(0, rotation.Size / 2).Select(i => 1 / Math.Pow(theta, 2.0 * i / rotation.Size))];

    private static double[] Dynamic(DynamicRotation rotation, int length)
    {
        if (length <= rotation.TrainedPositions) return Plain(rotation, rotation.Theta);
        double growth = rotation.Factor * length / rotation.TrainedPositions - (rotation.Factor - 1);
        return Plain(rotation, rotation.Theta * Math.Pow(growth, rotation.Size / (rotation.Size - 2.0)));
    }

    private static double Llama3(Llama3Rotation rotation, double frequency)
    {
        double wavelength = 2 * Math.PI / frequency, original = rotation.OriginalPositions;
        if (wavelength < original / rotation.HighFrequencyFactor) return frequency;
        if (wavelength > original / rotation.LowFrequencyFactor) return frequency / rotation.Factor;
        double smooth = (original / wavelength - rotation.LowFrequencyFactor) / (rotation.HighFrequencyFactor - rotation.LowFrequencyFactor);
        return (1 - smooth) * frequency / rotation.Factor + smooth * frequency;
    }

    private static double[] Yarn(YarnRotation rotation)
    {
        double At(double turns) => rotation.Size * Math.Log(rotation.OriginalPositions / (turns * 2 * Math.PI)) / (2 * Math.Log(rotation.Theta));
        double low = rotation.WholeIndices ? Math.Floor(At(rotation.FastTurns)) : At(rotation.FastTurns);
        double high = rotation.WholeIndices ? Math.Ceiling(At(rotation.SlowTurns)) : At(rotation.SlowTurns);
        if (low < 0) low = 0;
        if (high > rotation.Size - 1) high = rotation.Size - 1;
        if (low == high) high += 0.001;
        return [.. Plain(rotation, rotation.Theta).Select((frequency, i) =>
        {
            double ramp = Math.Min(1, Math.Max(0, (i - low) / (high - low)));
            return frequency / rotation.Factor * ramp + frequency * (1 - ramp);
        })];
    }
}
