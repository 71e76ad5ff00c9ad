using System.Text;

namespace ParScale.Text.Chat;

/// <summary>What a piece of an answer is when the thinking is told apart.</summary>
/// <param name="Thinking">Text of the thinking; often empty.</param>
/// <param name="Answer">Text of the answer.</param>
internal readonly record struct ThinkingPart(string Thinking, string Answer);

/// <summary>Where an answer begins.</summary>
internal enum ThinkingStart
{
    /// <summary>Before everything: the model may begin to think.</summary>
    None,

    /// <summary>After the mark that begins the thinking: the prompt ends with it.</summary>
    Opened,

    /// <summary>In the midst of the thinking, of which the prompt has a part.</summary>
    Within,
}

/// <summary>
/// Tells what a model thinks from what it answers, while the text comes. Only a mark at the very beginning opens the thinking: an answer
/// may write about such marks. The marks, and white space next to them, belong to neither. However the text is cut into pieces, both texts,
/// joined, are the same. Held back is only what may still become a mark, and white space that a mark may follow.
/// </summary>
/// <param name="format">The marks.</param>
/// <param name="start">Where the text begins.</param>
internal sealed class ThinkingParser(ThinkingFormat format, ThinkingStart start)
{
    private readonly StringBuilder _thinking = new(), _answer = new();

    // White space that was held back, and then so many characters of the mark that is looked for.
    private readonly StringBuilder _space = new();
    private int _matched;

    // Whether the stretch has a character: white space before the first is none of it.
    private bool _hasText = start == ThinkingStart.Within;
    private Phase _phase = start == ThinkingStart.None ? Phase.Start : Phase.Thinking;

    private enum Phase
    {
        Start,
        Thinking,
        Between,
        Wrapped,
        Answer,
    }

    /// <summary>Whether the text so far ends within the thinking.</summary>
    public bool IsThinking => _phase == Phase.Thinking;

    /// <summary>Takes further text.</summary>
    public ThinkingPart Append(string text)
    {
        if (_phase == Phase.Answer) return new ThinkingPart("", text);
        foreach (char c in text) Take(c);
        return Result();
    }

    /// <summary>Ends the text. A mark that was cut is text, and so is the white space of a text that has nothing else.</summary>
    public ThinkingPart Flush()
    {
        if (_matched > 0 || _phase == Phase.Start) Release();
        return Result();
    }

    private string Mark => _phase switch
    {
        Phase.Start => format.Open,
        Phase.Thinking => format.Close,
        Phase.Between => format.AnswerOpen ?? "",
        Phase.Wrapped => format.AnswerClose!,
        _ => "",
    };

    private void Take(char c)
    {
        string mark = Mark;
        if (_matched < mark.Length && mark[_matched] == c)
        {
            if (++_matched == mark.Length) Pass();
        }
        else if (_matched > 0)
        {
            Release();
            Take(c);
        }
        else if (char.IsWhiteSpace(c) && _phase != Phase.Answer)
        {
            if (_hasText || _phase == Phase.Start) _space.Append(c);
        }
        else
        {
            if (_phase is Phase.Start or Phase.Between) Begin(Phase.Answer);
            Add([c]);
        }
    }

    // The mark is whole.
    private void Pass()
    {
        _space.Clear();
        _matched = 0;
        Begin(_phase switch
        {
            Phase.Start => Phase.Thinking,
            Phase.Thinking => Phase.Between,
            Phase.Between => Phase.Wrapped,
            _ => Phase.Answer,
        });
    }

    private void Begin(Phase phase) => (_phase, _hasText) = (phase, false);

    // What was held back is text after all.
    private void Release()
    {
        string held = Mark[.._matched];
        _matched = 0;
        if (_phase is Phase.Start or Phase.Between) Begin(Phase.Answer);
        Add(held);
    }

    private void Add(ReadOnlySpan<char> more)
    {
        (_phase == Phase.Thinking ? _thinking : _answer).Append(_space).Append(more);
        _space.Clear();
        _hasText = true;
    }

    private ThinkingPart Result()
    {
        var part = new ThinkingPart(_thinking.ToString(), _answer.ToString());
        _thinking.Clear();
        _answer.Clear();
        return part;
    }
}
