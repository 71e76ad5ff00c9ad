using System.Text;
using ParScale.Text.Chat;

namespace ParScale.Text;

/// <summary>Carries the origins of characters through the steps that change a text as a whole.</summary>
internal static class TaggedNormalizer
{
    /// <summary>The text without lone surrogates: each becomes one other character.</summary>
    public static TaggedText Clean(TaggedText text) => new(TextCleaner.ReplaceLoneSurrogates(text.Text), [.. text.Runs]);

    /// <summary>The text after a step.</summary>
    public static TaggedText Normalize(TaggedText text, INormalizer step)
    {
        if (text.Length == 0) return text;
        if (text.Runs.Length == 1) return new TaggedText(step.Normalize(text.Text), text.TagAt(0));
        return step switch
        {
            PrependNormalizer prepend => Concat([new TaggedText(prepend.Prefix, text.TagAt(0)), text]),
            ReplaceNormalizer replace => Concat(Replaced(text, replace)),
            StripNormalizer strip => text.Slice(strip.Kept(text.Text).Start, strip.Kept(text.Text).Length),
            _ => Align(text, step),
        };
    }

    private static IEnumerable<TaggedText> Replaced(TaggedText text, ReplaceNormalizer replace)
    {
        int done = 0;
        foreach ((int start, int end) in replace.Matches(text.Text))
        {
            yield return text.Slice(done, start - done);
            TextTag first = text.TagAt(start);
            yield return new TaggedText(replace.Content, text.All(start, end, first.HasOriginOf) ? first : TextTag.Data);
            done = end;
        }
        yield return text.Slice(done, text.Length - done);
    }

    /// <summary>
    /// Where the changed text equals the changed stretches of one origin put together, their origins hold; from the first place where it
    /// does not (a mark composed across a border) to the last, everything counts as data.
    /// </summary>
    private static TaggedText Align(TaggedText text, INormalizer step)
    {
        string whole = step.Normalize(text.Text);
        if (whole == text.Text) return text;
        TaggedText parts = Concat(Stretches(text).Select(part => new TaggedText(step.Normalize(part.Text), part.TagAt(0))));
        if (whole == parts.Text) return parts;
        int same = whole.AsSpan().CommonPrefixLength(parts.Text);
        int end = 0;
        while (end < Math.Min(whole.Length, parts.Length) - same && whole[^(end + 1)] == parts.Text[^(end + 1)]) end++;
        return Concat([parts.Slice(0, same), new TaggedText(whole[same..^end], TextTag.Data), parts.Slice(parts.Length - end, end)]);
    }

    private static IEnumerable<TaggedText> Stretches(TaggedText text)
    {
        for (int i = 0, start = 0; i < text.Runs.Length; start = text.Runs[i++].End) yield return text.Slice(start, text.Runs[i].End - start);
    }

    private static TaggedText Concat(IEnumerable<TaggedText> parts)
    {
        var whole = new StringBuilder();
        var runs = new List<TaggedRun>();
        foreach (TaggedText part in parts)
        {
            foreach (TaggedRun run in part.Runs)
            {
                var moved = new TaggedRun(whole.Length + run.End, run.Tag);
                if (runs.Count > 0 && runs[^1].Tag == run.Tag) runs[^1] = moved;
                else runs.Add(moved);
            }
            whole.Append(part.Text);
        }
        return new TaggedText(whole.ToString(), [.. runs]);
    }
}
