using ParScale.Text.Chat;

namespace ParScale.Training.Data.Rows;

/// <summary>A stretch of a chat that is encoded by itself: what an assistant says, or another message that is learned.</summary>
internal readonly record struct LearnedSpan(int Start, int End, bool Learned);

/// <summary>
/// Which stretches of a rendered chat are learned. A template with <c>{% generation %}</c> blocks says so itself. For any other, an
/// answer runs from where the model takes over when it runs (or from the first character of the message's content, where that cannot be
/// told) to the last character of the message, and on to the first control token that the template writes behind it.
/// </summary>
internal sealed class LearnedSpans(TaggedText text, IReadOnlyList<ChatTurn> turns, IReadOnlyList<string> controlTokens, Func<int, string?> beginningOf)
{
    /// <summary>The stretches in order, those of assistants that are only read among them.</summary>
    /// <exception cref="ParScaleException">Nothing is learned, or where an answer begins cannot be told.</exception>
    public IReadOnlyList<LearnedSpan> Find(RowLocation place)
    {
        List<LearnedSpan> spans = [.. Generated()];
        bool marks = spans.Count > 0;
        for (int i = 0; i < turns.Count; i++)
            if (turns[i].Message.Role == ChatRow.Assistant ? !marks : turns[i].Learned) AddMessage(i, spans, place);
        spans.Sort((a, b) => a.Start.CompareTo(b.Start));
        for (int i = spans.Count - 1; i > 0; i--)
            if (spans[i].Start < spans[i - 1].End) spans[i] = spans[i] with { Start = Math.Min(spans[i - 1].End, spans[i].End) };
        bool learns = spans.Exists(span => span.Learned && Holds(span));
        return learns ? spans : throw place.Error("TD-10", "there is nothing to learn: no assistant says anything, or it is marked not to be learned");
    }

    private bool Holds(LearnedSpan span) => span.End > span.Start && !text.All(span.Start, span.End, tag => tag.IsTemplate);

    private IEnumerable<LearnedSpan> Generated()
    {
        int begin = -1;
        int end = 0;
        foreach ((int start, TaggedRun run) in Runs())
        {
            if (run.Tag.IsGenerated && begin < 0) begin = start;
            if (!run.Tag.IsGenerated && begin >= 0)
            {
                yield return new LearnedSpan(begin, start, IsLearned(begin, start));
                begin = -1;
            }
            end = run.End;
        }
        if (begin >= 0) yield return new LearnedSpan(begin, end, IsLearned(begin, end));
    }

    /// <summary>Whether the messages that a block writes are learned; if it writes none of theirs, whether all answers are.</summary>
    private bool IsLearned(int start, int end)
    {
        int[] messages = [.. Runs().Where(run => run.Run.End > start && run.Start < end && run.Run.Tag.Message is not null).Select(run => run.Run.Tag.Message!.Value)];
        return messages.Length > 0 ? messages.All(message => turns[message].Learned)
            : turns.Where(turn => turn.Message.Role == ChatRow.Assistant).All(turn => turn.Learned);
    }

    private void AddMessage(int index, List<LearnedSpan> spans, RowLocation place)
    {
        (int first, int end, int? content) = (int.MaxValue, 0, null);
        foreach ((int start, TaggedRun run) in Runs())
        {
            if (run.Tag.Message != index) continue;
            first = Math.Min(first, start);
            if (run.Tag.IsContent) content ??= start;
            end = run.End;
        }
        if (end == 0) return;
        string? before = turns[index].Message.Role == ChatRow.Assistant ? beginningOf(index) : null;
        bool isKnown = before is not null && before.Length <= (content ?? end) && text.Text.StartsWith(before, StringComparison.Ordinal);
        if (!isKnown && turns[index].Learned && (content is null || turns[index].Message.Fields?.ContainsKey("tool_calls") == true))
        {
            throw place.Error("TD-18", "where the assistant's answer begins cannot be told from the chat template: "
                + "put {% generation %} around what the assistant says, or write the row as prompt and completion");
        }
        spans.Add(new LearnedSpan(isKnown ? before!.Length : content ?? first, EndOf(end), turns[index].Learned));
    }

    /// <summary>The end of the first control token in the template's text that follows; the offset itself if there is none.</summary>
    private int EndOf(int offset)
    {
        if (offset == text.Length || !text.TagAt(offset).IsTemplate) return offset;
        int end = text.Runs[text.RunAt(offset)].End;
        ReadOnlySpan<char> behind = text.Text.AsSpan(offset, end - offset);
        (int first, int length) = (int.MaxValue, 0);
        foreach (string token in controlTokens)
        {
            int found = behind.IndexOf(token);
            if (found >= 0 && (found < first || (found == first && token.Length > length))) (first, length) = (found, token.Length);
        }
        return length == 0 ? offset : offset + first + length;
    }

    private IEnumerable<(int Start, TaggedRun Run)> Runs()
    {
        int start = 0;
        for (int i = 0; i < text.Runs.Length; i++)
        {
            TaggedRun run = text.Runs[i];
            yield return (start, run);
            start = run.End;
        }
    }
}
