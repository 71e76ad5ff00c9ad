using System.Buffers;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Texts;

/// <summary>What filters and methods do to texts. Every character keeps its origin.</summary>
internal static class TextOperations
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\x1C\x1D\x1E\u0085\u2028\u2029");

    /// <summary>Without the characters of a set (white space if it is null) at either end.</summary>
    public static TaggedText Strip(TaggedText text, string? characters, bool left = true, bool right = true)
    {
        (int start, int end) = (0, text.Length);
        while (left && start < end && Goes(text.Text[start])) start++;
        while (right && end > start && Goes(text.Text[end - 1])) end--;
        return text.Slice(start, end - start);

        bool Goes(char c) => characters is null ? PythonText.IsSpace(c) : characters.Contains(c, StringComparison.Ordinal);
    }

    /// <summary>With at most <paramref name="count"/> occurrences of a part replaced; an empty part stands between all characters.</summary>
    public static TaggedText Replace(TaggedText text, string old, TaggedText with, int count, Run run)
    {
        Comparison.ChargeSearch(text.Text, old, run);
        if (count < 0) count = int.MaxValue;
        var result = new TaggedTextBuilder(run);
        int done = 0;
        for (int at = 0; count > 0; count--)
        {
            int found = at > text.Length ? -1 : text.Text.IndexOf(old, at, StringComparison.Ordinal);
            if (found < 0) break;
            run.Step();
            result.Append(text, done, found - done).Append(with);
            done = found + old.Length;
            at = old.Length > 0 ? done : found + (found + 1 < text.Length && char.IsSurrogatePair(text.Text[found], text.Text[found + 1]) ? 2 : 1);
        }
        return result.Append(text, done, text.Length - done).ToText();
    }

    /// <summary>The parts between the occurrences of a separator, of which at most <paramref name="count"/> count, from the right if asked for.</summary>
    public static List<TaggedText> Split(TaggedText text, string separator, int count, bool fromRight, Run run)
    {
        Comparison.ChargeSearch(text.Text, separator, run);
        if (separator.Length == 0) throw run.Fails("the separator is empty");
        if (count < 0) count = int.MaxValue;
        var parts = new List<TaggedText>();
        (int start, int end) = (0, text.Length);
        for (; count > 0; count--)
        {
            int found = fromRight ? text.Text.AsSpan(0, end).LastIndexOf(separator) : text.Text.AsSpan(start).IndexOf(separator);
            if (found < 0) break;
            run.Charge(2);
            if (fromRight)
            {
                parts.Add(text.Slice(found + separator.Length, end - found - separator.Length));
                end = found;
            }
            else
            {
                parts.Add(text.Slice(start, found));
                start += found + separator.Length;
            }
        }
        parts.Add(text.Slice(start, end - start));
        if (fromRight) parts.Reverse();
        return parts;
    }

    /// <summary>The words between white space. Behind <paramref name="count"/> of them the rest is one, with the white space within it.</summary>
    public static List<TaggedText> SplitWords(TaggedText text, int count, bool fromRight, Run run)
    {
        if (count < 0) count = int.MaxValue;
        var words = new List<TaggedText>();
        (int start, int end) = (0, text.Length);
        while (true)
        {
            if (fromRight) end = start + PythonText.TrimEnd(text.Text.AsSpan(start, end - start));
            else start += PythonText.TrimStart(text.Text.AsSpan(start, end - start));
            if (start == end) break;
            run.Charge(2);
            ReadOnlySpan<char> rest = text.Text.AsSpan(start, end - start);
            int length = count-- == 0 ? rest.Length : fromRight ? rest.Length - LastWord(rest) : FirstWord(rest);
            words.Add(text.Slice(fromRight ? end - length : start, length));
            if (fromRight) end -= length;
            else start += length;
        }
        if (fromRight) words.Reverse();
        return words;
    }

    /// <summary>The lines, with what ends them if asked for.</summary>
    public static List<TaggedText> SplitLines(TaggedText text, bool keepEnds, Run run)
    {
        var lines = new List<TaggedText>();
        for (int start = 0; start < text.Length;)
        {
            run.Charge(2);
            int length = text.Text.AsSpan(start).IndexOfAny(LineEnds);
            int end = length < 0 ? text.Length : start + length;
            int next = Math.Min(text.Length, end + (end + 1 < text.Length && text.Text[end] == '\r' && text.Text[end + 1] == '\n' ? 2 : 1));
            lines.Add(text.Slice(start, (keepEnds ? next : end) - start));
            start = next;
        }
        return lines;
    }

    /// <summary>With characters put on either side.</summary>
    public static TaggedText Pad(TaggedText text, int left, int right, TaggedText with, Run run)
    {
        run.RequireCharacters((long)text.Length + Math.Max(0, left) + Math.Max(0, right));
        var padded = new TaggedTextBuilder(run);
        for (int i = 0; i < left; i++) padded.Append(with);
        padded.Append(text);
        for (int i = 0; i < right; i++) padded.Append(with);
        return padded.ToText();
    }

    /// <summary>Texts one after the other, with a separator between.</summary>
    public static TaggedText Join(IEnumerable<TaggedText> texts, TaggedText separator, Run run)
    {
        var joined = new TaggedTextBuilder(run);
        bool isFirst = true;
        foreach (TaggedText text in texts)
        {
            if (!isFirst) joined.Append(separator);
            isFirst = false;
            joined.Append(text);
        }
        return joined.ToText();
    }

    private static int FirstWord(ReadOnlySpan<char> text)
    {
        int end = 0;
        while (end < text.Length && !PythonText.IsSpace(text[end])) end++;
        return end;
    }

    private static int LastWord(ReadOnlySpan<char> text)
    {
        int start = text.Length;
        while (start > 0 && !PythonText.IsSpace(text[start - 1])) start--;
        return start;
    }
}
