using ParScale.Cli.Terminals;
using ParScale.Text;

namespace ParScale.Cli.Chat;

/// <summary>
/// A chat without colours, for pipes, files and whoever sets NO_COLOR: answers alone on standard output, all else, thinking too, on standard
/// error.
/// </summary>
/// <param name="terminal">Where it is shown.</param>
/// <param name="answers">Whether answers are shown; not when they come as JSON in the end.</param>
internal sealed class PlainView(Terminal terminal, bool answers) : IChatView
{
    private const int WidestBar = 40;
    private char _last = '\n';
    private bool _thinking;

    /// <inheritdoc/>
    public void Open(ChatSession session)
    {
        terminal.Note($"{Path.GetFileName(session.Model.Folder)} | {ChatFigures.Of(session)}");
        terminal.Note("/help lists the commands; Ctrl+D ends the chat");
    }

    /// <inheritdoc/>
    public void Wait()
    {
    }

    /// <inheritdoc/>
    public void Show(string text, bool thinking)
    {
        if (!answers || text.Length == 0) return;
        if (thinking)
        {
            Think(text);
            return;
        }
        if (_thinking) Think("\n\n");
        _thinking = false;
        terminal.ShowAtOnce(text);
        _last = text[^1];
    }

    /// <inheritdoc/>
    public void EndAnswer(ChatAnswer answer)
    {
        if (_thinking) Think("\n");
        _thinking = false;
        if (_last != '\n') Show("\n", thinking: false);
        terminal.Note(ChatFigures.Of(answer.Result));
        if (ChatFigures.Advice(answer) is { } advice) terminal.Note(advice);
    }

    /// <inheritdoc/>
    public void Note(string text) => terminal.Note(text);

    /// <inheritdoc/>
    public void Problem(string text) => terminal.Say($"{text}\n");

    /// <inheritdoc/>
    public void Help()
    {
        foreach (SlashCommand command in SlashCommand.All) terminal.Say($"  {command.Usage,-16} {command.Description}\n");
        foreach (string line in SlashCommand.Keys) terminal.Say($"{line}\n");
    }

    /// <inheritdoc/>
    public void Stats(ChatSession session)
    {
        terminal.Say($"context {ChatFigures.Context(session)}, {ChatFigures.Turns(session)}\n");
        if (session.Last is not { Result: { } answer }) return;
        terminal.Say($"last answer: {ChatFigures.Of(answer)}\n");
        for (int stream = 0; stream < answer.StreamWeights.Count; stream++)
        {
            float weight = answer.StreamWeights[stream];
            terminal.Say($"stream {stream,-3} {ChatFigures.Share(weight),7} {new string('#', (int)MathF.Round(weight * WidestBar))}\n");
        }
    }

    private void Think(string text)
    {
        _thinking = true;
        if (!terminal.Quiet) terminal.Say(ScreenText.Of(text));
    }
}
