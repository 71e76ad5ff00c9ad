using System.Globalization;
using ParScale.Kernels.Formats;

namespace ParScale.ScalingLaws.Plan;

/// <summary>Quantities as people read them: three or four digits and a unit, whatever the user's culture.</summary>
public static class Figures
{
    private static readonly string[] ByteUnits = ["B", "kB", "MB", "GB", "TB"];

    /// <summary>Bytes in decimal units, as disks and networks count, such as <c>7.43 GB</c>; whole ones below 1 kB.</summary>
    public static string Bytes(double bytes)
    {
        int unit = 0;
        for (; bytes >= 999.5 && unit < ByteUnits.Length - 1; unit++) bytes /= 1000;
        return $"{(unit == 0 ? bytes.ToString("F0", CultureInfo.InvariantCulture) : Digits(bytes))} {ByteUnits[unit]}";
    }

    /// <summary>Seconds or milliseconds, such as <c>58.2 ms</c>.</summary>
    public static string Seconds(double seconds) => Seconds(seconds, Digits);

    /// <summary>A number of parameters, such as <c>4.33B</c>.</summary>
    public static string Parameters(double count) => count >= 1e9 ? $"{Digits(count / 1e9)}B" : $"{Digits(count / 1e6)}M";

    /// <summary>A whole number with commas between thousands.</summary>
    public static string Count(double number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A loss, nats per token.</summary>
    public static string Loss(double nats) => nats.ToString("F4", CultureInfo.InvariantCulture);

    /// <summary>Three digits that mean something.</summary>
    public static string Digits(double number) => number.ToString(
        Math.Abs(number) >= 99.95 ? "F0" : Math.Abs(number) >= 9.995 ? "F1" : Math.Abs(number) >= 0.9995 ? "F2" : "G3", CultureInfo.InvariantCulture);

    /// <summary>A format as the options spell it.</summary>
    public static string Format(WeightDtype format) => format.ToString().ToLowerInvariant();

    /// <summary>A model in a few words, such as <c>1.8B with P = 4 in q8</c>.</summary>
    public static string Name(PlanChoice choice) => $"{choice.Shape.Name} with P = {choice.Streams} in {Format(choice.Weights)}";

    /// <summary>What is limited, in words.</summary>
    public static string Name(PlanLimit limit) => limit switch
    {
        PlanLimit.Memory => "memory",
        PlanLimit.Decode => "time of a token",
        PlanLimit.Prefill => "time to the first token",
        _ => throw new ArgumentOutOfRangeException(nameof(limit)),
    };

    /// <summary>An amount of what is limited.</summary>
    public static string Amount(PlanLimit limit, double amount) => limit == PlanLimit.Memory ? Bytes(amount) : Seconds(amount);

    /// <summary>The same for a round number, such as <c>5 GB</c>.</summary>
    public static string RoundAmount(PlanLimit limit, double amount) => limit == PlanLimit.Memory ? RoundBytes(amount) : Seconds(amount, Short);

    private static string Short(double number) => number.ToString("G4", CultureInfo.InvariantCulture);

    private static string RoundBytes(double bytes)
    {
        // A hair more, so that 1e9 is a gigabyte and not a thousand megabytes.
        int unit = bytes < 1 ? 0 : Math.Min(ByteUnits.Length - 1, (int)(Math.Log10(bytes) / 3 + 1e-9));
        return $"{Short(bytes / Math.Pow(1000, unit))} {ByteUnits[unit]}";
    }

    private static string Seconds(double seconds, Func<double, string> write) => seconds >= 1 ? $"{write(seconds)} s" : $"{write(seconds * 1e3)} ms";
}
