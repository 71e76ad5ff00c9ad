using System.Globalization;

namespace ParScale.ScalingLaws.Law;

/// <summary>Numbers of parameters as people write them: <c>1571472384</c>, <c>1.6e9</c>, <c>1.6B</c>, <c>700M</c>, <c>50K</c>.</summary>
public static class ParameterCount
{
    private static readonly (string Unit, double Scale)[] Units = [("", 1), ("K", 1e3), ("M", 1e6), ("B", 1e9), ("G", 1e9), ("T", 1e12)];

    /// <summary>Reads <paramref name="text"/>, in which the letter of the unit may be small; negative and infinite numbers are read too.</summary>
    /// <param name="text">The number and, after it or one space, its unit.</param>
    /// <param name="value">Parameters.</param>
    /// <param name="problem">Null when it was read; else what is wrong, to be put after the text itself.</param>
    /// <returns>True when it was read.</returns>
    public static bool TryParse(string text, out double value, out string? problem)
    {
        string trimmed = text.Trim();
        problem = null;
        // Before any unit: the last letter of "NaN" and of "Infinity" is none.
        if (double.TryParse(trimmed, NumberStyles.Float, CultureInfo.InvariantCulture, out value)) return true;

        int letters = trimmed.Length;
        while (letters > 0 && char.IsLetter(trimmed[letters - 1])) letters--;
        string unit = trimmed[letters..];
        bool number = double.TryParse(trimmed[..letters].TrimEnd(), NumberStyles.Float, CultureInfo.InvariantCulture, out value);
        if (!number)
        {
            problem = "is not a number of parameters such as 1.6e9, 1.6B or 700M";
            return false;
        }
        foreach ((string known, double scale) in Units)
        {
            if (!known.Equals(unit, StringComparison.OrdinalIgnoreCase)) continue;
            value *= scale;
            return true;
        }
        problem = "has a unit that is not K, M, B or T (thousands, millions, billions, trillions of parameters)";
        return false;
    }

    /// <summary>Four digits and a unit, such as <c>4.327B</c>.</summary>
    public static string Format(double parameters)
    {
        (string unit, double scale) = Units.LastOrDefault(unit => unit.Unit != "G" && parameters >= unit.Scale, Units[0]);
        return string.Create(CultureInfo.InvariantCulture, $"{parameters / scale:G4}{unit}");
    }
}
