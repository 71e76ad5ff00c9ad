using System.Globalization;
using System.Text;

namespace ParScale;

/// <summary>
/// The one exception for everything a user can get wrong. Its message is one line that names the file, field or flag
/// and says what to do; control characters in quoted names are escaped.
/// </summary>
public sealed class ParScaleException : Exception
{
    private const int LongestQuote = 200;

    /// <summary>Creates an error of the given kind. <paramref name="code"/> is its stable id, such as <c>ST-16</c>.</summary>
    internal ParScaleException(ErrorKind kind, string code, string message, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
        Code = code;
    }

    /// <summary>The group, and with it the exit code.</summary>
    public ErrorKind Kind { get; }

    /// <summary>A stable id from <c>docs/guides/errors.md</c>, such as <c>ST-16</c>.</summary>
    public string Code { get; }

    /// <summary>Whether the device that computes was lost or hangs: nothing runs on it any more until models are loaded again.</summary>
    internal bool IsDeviceLost => Code is "VK-01" or "VK-06";

    /// <summary>An error in an input file. The message reads <c>FILE: DETAIL</c>, with only the file's name, not its folder.</summary>
    internal static ParScaleException BadInput(string code, string file, string detail, Exception? inner = null) =>
        new(ErrorKind.BadInput, code, $"{Escape(Path.GetFileName(Path.TrimEndingDirectorySeparator(file)))}: {detail}", inner);

    /// <summary>An error in a flag or argument.</summary>
    internal static ParScaleException Usage(string code, string message) => new(ErrorKind.Usage, code, message);

    /// <summary>Puts a name from outside in quotes, with control characters escaped and at most 200 characters of it.</summary>
    internal static string Quote(string name) => $"\"{Escape(name)}\"";

    /// <summary>Text from outside with control characters escaped and at most 200 characters of it.</summary>
    internal static string Escape(string name)
    {
        var text = new StringBuilder();
        foreach (Rune rune in name.EnumerateRunes())
        {
            if (text.Length >= LongestQuote) return text.Append('…').ToString();
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            bool unsafeToPrint = category is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate;
            if (unsafeToPrint) text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else text.Append(rune.ToString());
        }
        return text.ToString();
    }
}
