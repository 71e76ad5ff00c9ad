using ParScale.Checkpoints.Safetensors;

namespace ParScale.TestSupport;

/// <summary>Numbers as an element type holds them.</summary>
internal static class OracleNumbers
{
    /// <summary>The nearest number of a type, of two the one whose last digit is even: by its digits, not by its bits.</summary>
    public static double RoundedTo(TensorType type, double value)
    {
        int digits = type switch { TensorType.BF16 => 8, TensorType.F16 => 11, _ => 24 };
        double unit = Math.Pow(2, Math.Floor(Math.Log2(value)) + 1 - digits);
        return Math.Round(value / unit, MidpointRounding.ToEven) * unit;
    }
}
