using System.Globalization;
using System.Text;

namespace ParScale.Text.Chat.Jinja.Formatting;

/// <summary>A date as C's <c>strftime</c> writes it, in English.</summary>
internal static class TimeFormat
{
    /// <exception cref="ParScaleException">The text would be too long.</exception>
    public static string Write(string format, Run run)
    {
        var text = new StringBuilder();
        DateTimeOffset now = run.Now;
        for (int i = 0; i < format.Length; i++)
        {
            run.Charge(1);
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            // Numbers without zeros before them, or with spaces in their place, as glibc has them.
            char flag = format[i + 1] is '-' or '_' && i + 2 < format.Length ? format[i + 1] : '\0';
            i += flag == '\0' ? 1 : 2;
            string? part = Part(format[i], now);
            if (part is null) text.Append('%').Append(flag == '\0' ? "" : flag.ToString()).Append(format[i]);
            else text.Append(flag == '\0' || part.Length < 2 ? part : WithoutZeros(part, flag == '_'));
        }
        run.RequireCharacters(text.Length);
        return text.ToString();
    }

    private static string WithoutZeros(string part, bool keepsWidth)
    {
        string digits = part[..^1].TrimStart('0', ' ') + part[^1];
        return keepsWidth ? digits.PadLeft(part.Length) : digits;
    }

    private static string? Part(char letter, DateTimeOffset now) => letter switch
    {
        'Y' => Padded(now.Year, 4),
        'C' => Padded(now.Year / 100, 2),
        'y' => Padded(now.Year % 100, 2),
        'm' => Padded(now.Month, 2),
        'd' => Padded(now.Day, 2),
        'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
        'H' => Padded(now.Hour, 2),
        'I' => Padded((now.Hour + 11) % 12 + 1, 2),
        'M' => Padded(now.Minute, 2),
        'S' => Padded(now.Second, 2),
        'f' => Padded(now.Millisecond * 1000 + now.Microsecond, 6),
        'j' => Padded(now.DayOfYear, 3),
        'u' => Padded((int)(now.DayOfWeek + 6) % 7 + 1, 1),
        'w' => Padded((int)now.DayOfWeek, 1),
        'U' => Padded((now.DayOfYear + 6 - (int)now.DayOfWeek) / 7, 2),
        'W' => Padded((now.DayOfYear + 6 - (int)(now.DayOfWeek + 6) % 7) / 7, 2),
        'V' => Padded(ISOWeek.GetWeekOfYear(now.DateTime), 2),
        'G' => Padded(ISOWeek.GetYear(now.DateTime), 4),
        's' => now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'p' => now.Hour < 12 ? "AM" : "PM",
        'B' => now.ToString("MMMM", CultureInfo.InvariantCulture),
        'b' or 'h' => now.ToString("MMM", CultureInfo.InvariantCulture),
        'A' => now.ToString("dddd", CultureInfo.InvariantCulture),
        'a' => now.ToString("ddd", CultureInfo.InvariantCulture),
        'F' => now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        'T' or 'X' => now.ToString("HH:mm:ss", CultureInfo.InvariantCulture),
        'R' => now.ToString("HH:mm", CultureInfo.InvariantCulture),
        'D' or 'x' => now.ToString("MM/dd/yy", CultureInfo.InvariantCulture),
        'c' => now.ToString("ddd MMM ", CultureInfo.InvariantCulture) + Part('e', now) + now.ToString(" HH:mm:ss yyyy", CultureInfo.InvariantCulture),
        'z' or 'Z' => "",
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => null,
    };

    private static string Padded(int number, int digits) => number.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
}
