using System.Globalization;

namespace ParScale.Cli.Downloads;

/// <summary>Numbers of bytes as people read them, in powers of 1000 as disks and networks count.</summary>
internal static class ByteText
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB"];

    /// <summary>For example <c>1.23 GB</c>: three digits, whole bytes below 1 kB.</summary>
    public static string Of(double bytes)
    {
        int unit = 0;
        for (; bytes >= 999.5 && unit < Units.Length - 1; unit++) bytes /= 1000;
        string digits = unit == 0 || bytes >= 99.95 ? "F0" : bytes >= 9.995 ? "F1" : "F2";
        return $"{bytes.ToString(digits, CultureInfo.InvariantCulture)} {Units[unit]}";
    }
}
