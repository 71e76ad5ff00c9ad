using System.Text;

namespace ParScale.Text;

/// <summary>
/// Text for a screen. Control codes in it could move the cursor, rename the window or hide what was printed, so all but line feed
/// and tab are shown as U+FFFD; carriage returns are left out, which keeps the lines of Windows files as they are.
/// </summary>
internal static class ScreenText
{
    public static string Of(string text)
    {
        var shown = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (c != '\r') shown.Append(char.IsControl(c) && c is not ('\n' or '\t') ? '\uFFFD' : c);
        }
        return shown.ToString();
    }
}
