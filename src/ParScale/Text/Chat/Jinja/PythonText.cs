namespace ParScale.Text.Chat.Jinja;

/// <summary>What counts as white space for Python.</summary>
internal static class PythonText
{
    /// <summary>Whether a character is white space: four separators are for Python and not for .NET.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1C' and <= '\x1F';

    /// <summary>The length without white space at the end.</summary>
    public static int TrimEnd(ReadOnlySpan<char> text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return end;
    }

    /// <summary>The length of the white space at the beginning.</summary>
    public static int TrimStart(ReadOnlySpan<char> text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start])) start++;
        return start;
    }
}
