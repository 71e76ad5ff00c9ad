using System.Text;

namespace ParScale.Cli.Chat;

/// <summary>
/// Tells a model's thinking (<c>&lt;think&gt;</c> to <c>&lt;/think&gt;</c>) from its answer, in a text that comes in pieces: a piece may end
/// inside one of the marks. The marks themselves belong to the thinking. Only one at the very beginning counts: an answer may write about
/// such marks.
/// </summary>
/// <param name="show">Takes each stretch of the text, and whether it is thinking.</param>
/// <param name="thinking">Whether the prompt has begun the thinking.</param>
internal sealed class ThinkingText(Action<string, bool> show, bool thinking)
{
    /// <summary>How thinking begins and ends.</summary>
    public const string Begin = "<think>", End = "</think>";

    private readonly StringBuilder _held = new();
    private bool _thinking = thinking, _decided = thinking, _answering;

    /// <summary>Takes more of the text.</summary>
    public void Append(string text)
    {
        _held.Append(text);
        if (!_decided) Decide(_held.ToString());
        if (!_decided) return;
        if (_thinking && !_answering) Think(_held.ToString());
        else Release(_held.Length, thinking: false);
    }

    /// <summary>Shows what was held back, when no more comes.</summary>
    public void Flush() => Release(_held.Length, _thinking && !_answering);

    private void Decide(string start)
    {
        string trimmed = start.TrimStart();
        if (trimmed.StartsWith(Begin, StringComparison.Ordinal)) (_decided, _thinking) = (true, true);
        else if (!Begin.StartsWith(trimmed, StringComparison.Ordinal)) _decided = true;
    }

    private void Think(string held)
    {
        int end = held.IndexOf(End, StringComparison.Ordinal);
        if (end < 0)
        {
            Release(held.Length - Beginning(held), thinking: true);
            return;
        }
        Release(end + End.Length, thinking: true);
        _answering = true;
        Release(_held.Length, thinking: false);
    }

    // How many characters at the end may become the mark.
    private static int Beginning(string held)
    {
        for (int length = Math.Min(held.Length, End.Length - 1); length > 0; length--)
            if (held.AsSpan(held.Length - length).SequenceEqual(End.AsSpan(0, length))) return length;
        return 0;
    }

    private void Release(int length, bool thinking)
    {
        if (length == 0) return;
        show(_held.ToString(0, length), thinking);
        _held.Remove(0, length);
    }
}
