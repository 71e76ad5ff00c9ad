using System.Globalization;
using System.Text;

namespace ParScale.Text;

/// <summary>
/// Puts long runs of combining marks into canonical order. Normalising does that too, but by insertion, which takes time
/// quadratic in the run: a megabyte of marks would take minutes. Sorted runs pass through it in linear time.
/// </summary>
internal static class CanonicalOrder
{
    private const int ShortRun = 64;

    // Marks of combining class 1 and 240: at least one of them changes places with any mark that is not a starter.
    private const string LowestClass = "\u0334";
    private const string HighestClass = "\u0345";

    /// <summary>The text with its long runs of marks decomposed and sorted; canonically the same text.</summary>
    /// <param name="text">Text without lone surrogates.</param>
    /// <param name="isCompatible">
    /// Whether compatible characters are decomposed too, for the forms NFKC and NFKD: there two letters that stand for marks count.
    /// </param>
    public static string SortLongRuns(string text, bool isCompatible = false)
    {
        StringBuilder? sorted = null;
        int copied = 0;
        for (int start = 0; start < text.Length; start++)
        {
            int end = EndOfMarks(text, start, isCompatible);
            if (end - start > ShortRun)
            {
                sorted ??= new StringBuilder(text.Length);
                sorted.Append(text, copied, start - copied);
                AppendSorted(text.AsSpan(start, end - start), isCompatible ? NormalizationForm.FormKD : NormalizationForm.FormD, sorted);
                copied = end;
            }
            start = Math.Max(start, end - 1);
        }
        return sorted is null ? text : sorted.Append(text, copied, text.Length - copied).ToString();
    }

    // The half-width voicing signs are letters whose compatible form is a mark; no other letter's is.
    private static int EndOfMarks(string text, int index, bool isCompatible)
    {
        while (index < text.Length && (CharUnicodeInfo.GetUnicodeCategory(text, index) is UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark || (isCompatible && text[index] is '\uFF9E' or '\uFF9F')))
            index += char.IsHighSurrogate(text[index]) ? 2 : 1;
        return index;
    }

    private static void AppendSorted(ReadOnlySpan<char> run, NormalizationForm form, StringBuilder sorted)
    {
        var parts = new Dictionary<Rune, string[]>();
        var marks = new List<string>();
        foreach (Rune rune in run.EnumerateRunes())
        {
            if (!parts.TryGetValue(rune, out string[]? decomposed))
            {
                string whole = rune.ToString().Normalize(form);
                parts[rune] = decomposed = [.. whole.EnumerateRunes().Select(part => part.ToString())];
            }
            marks.AddRange(decomposed);
        }
        Dictionary<string, int> classes = RankClasses(parts.Values.SelectMany(part => part).Distinct());
        for (int start = 0; start < marks.Count;)
        {
            int end = start;
            while (end < marks.Count && classes[marks[end]] > 0) end++;
            foreach (List<string> sameClass in ByClass(marks[start..end], classes)) sorted.AppendJoin("", sameClass);
            if (end < marks.Count) sorted.Append(marks[end++]);
            start = end;
        }
    }

    private static List<string>[] ByClass(List<string> marks, Dictionary<string, int> classes)
    {
        var groups = new List<string>[marks.Count == 0 ? 0 : marks.Max(mark => classes[mark]) + 1];
        for (int i = 0; i < groups.Length; i++) groups[i] = [];
        foreach (string mark in marks) groups[classes[mark]].Add(mark);
        return groups;
    }

    // .NET does not tell combining classes, but whether a pair changes places under normalisation tells their order.
    private static Dictionary<string, int> RankClasses(IEnumerable<string> marks)
    {
        var classes = new Dictionary<string, int>(StringComparer.Ordinal);
        var movable = new List<string>();
        foreach (string mark in marks)
        {
            if (Swaps(mark, LowestClass) || Swaps(HighestClass, mark) || mark is LowestClass or HighestClass) movable.Add(mark);
            else classes[mark] = 0;
        }
        movable.Sort(Compare);
        for (int i = 0, rank = 1; i < movable.Count; i++)
        {
            if (i > 0 && Compare(movable[i - 1], movable[i]) != 0) rank++;
            classes[movable[i]] = rank;
        }
        return classes;
    }

    private static int Compare(string left, string right) => Swaps(left, right) ? 1 : Swaps(right, left) ? -1 : 0;

    private static bool Swaps(string left, string right) =>
        left != right && (left + right).Normalize(NormalizationForm.FormD) == right + left;
}
