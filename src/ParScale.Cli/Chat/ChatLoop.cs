using ParScale.Cli.Chat.Editing;
using ParScale.Cli.Terminals;

namespace ParScale.Cli.Chat;

/// <summary>Turn after turn: reads what is typed, asks the model or runs a command, until the input or the chat ends.</summary>
/// <param name="session">The conversation.</param>
/// <param name="view">What it looks like.</param>
/// <param name="interrupt">Stops an answer.</param>
/// <param name="goesOn">Whether a problem is shown and the chat goes on; else it ends the chat.</param>
internal sealed class ChatLoop(ChatSession session, IChatView view, AnswerInterrupt interrupt, bool goesOn)
{
    private readonly SlashCommands _commands = new(session, view);
    private readonly List<ChatTurnResult> _turns = [];

    // Ctrl+C was pressed, and nothing was typed since.
    private bool _interrupted;

    /// <summary>All answers so far.</summary>
    public IReadOnlyList<ChatTurnResult> Turns => _turns;

    /// <summary>Runs until the input ends. The exit code.</summary>
    /// <param name="read">Reads the next text.</param>
    public int Run(Func<(EditState End, string Text)> read)
    {
        while (!_commands.HasEnded)
        {
            (EditState end, string text) = read();
            if (end == EditState.Ended) return 0;
            if (end == EditState.Interrupted)
            {
                if (_interrupted) return ErrorReport.Interrupted;
                _interrupted = true;
                view.Note("Ctrl+C again, Ctrl+D or /exit ends the chat");
                continue;
            }
            _interrupted = false;
            if (!string.IsNullOrWhiteSpace(text)) Take(text);
        }
        return 0;
    }

    /// <summary>Asks one question. Whether the answer was not stopped.</summary>
    public bool Ask(Question question)
    {
        view.Wait();
        ChatAnswer answer = interrupt.Run(cancellation => session.Ask(question, view.Show, cancellation));
        _turns.Add(answer.Result);
        view.EndAnswer(answer);
        return answer.Result.FinishReason != "cancelled";
    }

    private void Take(string text)
    {
        try
        {
            bool isCommand = text[0] == '/' && !text.StartsWith("//", StringComparison.Ordinal);
            Question? question = isCommand ? _commands.Run(text) : new Question(text[0] == '/' ? text[1..] : text);
            if (question is { } asked) _interrupted = !Ask(asked);
        }
        catch (Exception problem) when (goesOn && problem is ParScaleException or IOException or UnauthorizedAccessException)
        {
            view.Problem(ErrorReport.Describe("parscale", problem, debug: false).Text.TrimEnd('\n'));
        }
    }
}
