using System.Text.RegularExpressions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Texts;

/// <summary>Lines broken at a width, as Python's <c>textwrap</c> breaks them.</summary>
internal sealed partial class WordWrap(int width, bool breaksWords, bool breaksAtHyphens, Run run)
{
    private readonly List<TaggedText> _lines = [];

    public TaggedText Wrap(TaggedText text, TaggedText lineEnd)
    {
        if (width < 1) throw run.Fails("'wordwrap' needs a width above 0");
        IEnumerable<TaggedText> lines = TextOperations.SplitLines(text, keepEnds: false, run).Select(line =>
        {
            _lines.Clear();
            WrapLine(line);
            return TextOperations.Join(_lines, lineEnd, run);
        });
        return TextOperations.Join(lines, lineEnd, run);
    }

    private void WrapLine(TaggedText text)
    {
        var chunks = new Stack<TaggedText>(Enumerable.Reverse(Chunks(text)));
        while (chunks.Count > 0)
        {
            run.Step();
            if (_lines.Count > 0 && IsBlank(chunks.Peek())) chunks.Pop();
            var line = new List<TaggedText>();
            int count = 0;
            while (chunks.Count > 0 && count + Count(chunks.Peek()) <= width)
            {
                count += Count(chunks.Peek());
                line.Add(chunks.Pop());
            }
            if (chunks.Count > 0 && Count(chunks.Peek()) > width) AddLongWord(chunks, line, width - count);
            if (line.Count > 0 && IsBlank(line[^1])) line.RemoveAt(line.Count - 1);
            if (line.Count > 0) _lines.Add(TextOperations.Join(line, TaggedText.Empty, run));
        }
    }

    private void AddLongWord(Stack<TaggedText> chunks, List<TaggedText> line, int left)
    {
        if (breaksWords)
        {
            TaggedText word = chunks.Pop();
            int end = new TextValue(word).OffsetOf(left);
            int hyphen = breaksAtHyphens && end > 0 ? word.Text.LastIndexOf('-', end - 1) : -1;
            if (hyphen > 0 && word.Text.AsSpan(0, hyphen).ContainsAnyExcept('-')) end = hyphen + 1;
            line.Add(word.Slice(0, end));
            chunks.Push(word.Slice(end, word.Length - end));
        }
        else if (line.Count == 0)
        {
            line.Add(chunks.Pop());
        }
    }

    private List<TaggedText> Chunks(TaggedText text)
    {
        run.Charge(text.Length / 4);
        var chunks = new List<TaggedText>();
        int done = 0;
        foreach (Match match in (breaksAtHyphens ? Words() : Spaces()).Matches(text.Text))
        {
            Add(done, match.Index);
            Add(match.Index, match.Index + match.Length);
            done = match.Index + match.Length;
        }
        Add(done, text.Length);
        return chunks;

        void Add(int start, int end)
        {
            if (end > start) chunks.Add(text.Slice(start, end - start));
        }
    }

    private static int Count(TaggedText text) => new TextValue(text).Count;

    private static bool IsBlank(TaggedText text) => PythonText.TrimEnd(text.Text) == 0;

    // White space; dashes between words; a word up to a hyphen between letters, its end, or such dashes.
    [GeneratedRegex("""[\t\n\v\f\r ]+|(?<=[\w!"'&.,?])-{2,}(?=\w)|[^\t\n\v\f\r ]+?(?:-(?:(?<=[^\d\W]{2}-)|(?<=[^\d\W]-[^\d\W]-))(?=[^\d\W]-?[^\d\W])|(?=[\t\n\v\f\r ]|\z)|(?<=[\w!"'&.,?])(?=-{2,}\w))""")]
    private static partial Regex Words();

    [GeneratedRegex("[\\t\\n\\v\\f\\r ]+")]
    private static partial Regex Spaces();
}
