using System.Net;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Texts;

/// <summary>What looks at the words of a text.</summary>
internal static class Words
{
    /// <summary>Every run of characters of a word with its first one changed and the others in lower case.</summary>
    public static TextValue Title(TaggedText text, Func<char, bool> isInWord, Func<TaggedText, Run, TaggedText> first, Run run)
    {
        var title = new TaggedTextBuilder(run);
        for (int start = 0; start < text.Length;)
        {
            run.Charge(1);
            bool inWord = isInWord(text.Text[start]);
            int end = start + 1;
            while (end < text.Length && isInWord(text.Text[end]) == inWord) end++;
            TaggedText piece = text.Slice(start, end - start);
            title.Append(inWord ? CaseMapping.Begin(piece, first, run) : piece);
            start = end;
        }
        return title.ToValue();
    }

    /// <summary>How many runs of letters, digits and low lines there are.</summary>
    public static int Count(string text)
    {
        int count = 0;
        bool inWord = false;
        foreach (char c in text)
        {
            bool isPart = c == '_' || char.IsLetterOrDigit(c);
            if (isPart && !inWord) count++;
            inWord = isPart;
        }
        return count;
    }

    /// <summary>A text cut to a length in characters, between words if asked for, with a mark behind it.</summary>
    public static TaggedText Truncate(TextValue text, int length, bool cutsWords, TextValue end, int leeway, Run run)
    {
        if (text.Count <= (long)length + leeway) return text.Tagged;
        int kept = length - end.Count;
        if (kept < 0) throw run.Fails("'truncate' is given a length below that of its end");
        TaggedText cut = text.Tagged.Slice(0, text.OffsetOf(kept));
        int space = cut.Text.LastIndexOf(' ');
        if (!cutsWords && space >= 0) cut = cut.Slice(0, space);
        return new TaggedTextBuilder(run).Append(cut).Append(end.Tagged).ToText();
    }

    /// <summary>Without HTML comments and tags, with single spaces between words.</summary>
    public static TaggedText WithoutTags(TaggedText text, Run run)
    {
        text = Without(Without(text, "<!--", "-->", run), "<", ">", run);
        text = TextOperations.Join(TextOperations.SplitWords(text, -1, fromRight: false, run), TaggedText.Data(" "), run);
        return text.Text.Contains('&', StringComparison.Ordinal) ? TaggedText.Data(WebUtility.HtmlDecode(text.Text)) : text;
    }

    private static TaggedText Without(TaggedText text, string open, string close, Run run)
    {
        for (int start; (start = text.Text.IndexOf(open, StringComparison.Ordinal)) >= 0;)
        {
            int end = text.Text.IndexOf(close, start, StringComparison.Ordinal);
            if (end < 0) break;
            end += close.Length;
            text = new TaggedTextBuilder(run).Append(text, 0, start).Append(text, end, text.Length - end).ToText();
        }
        return text;
    }

    /// <summary>Lines behind the first one (or all) indented, blank ones too if asked for.</summary>
    public static TaggedText Indent(TaggedText text, TaggedText by, bool first, bool blank, Run run)
    {
        TaggedText feed = TaggedText.Data("\n");
        TaggedText whole = new TaggedTextBuilder(run).Append(text).Append(feed).ToText();
        var result = new TaggedTextBuilder(run);
        if (first) result.Append(by);
        int line = 0;
        foreach (TaggedText each in TextOperations.SplitLines(whole, keepEnds: false, run))
        {
            if (line > 0) result.Append(feed);
            if (line > 0 && (blank || each.Length > 0)) result.Append(by);
            result.Append(each);
            line++;
        }
        return result.ToText();
    }
}
