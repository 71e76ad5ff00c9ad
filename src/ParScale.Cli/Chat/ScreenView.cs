using System.Text;
using ParScale.Cli.Terminals;
using Spectre.Console;

namespace ParScale.Cli.Chat;

/// <summary>A chat on a screen with colours. The only file that uses Spectre.Console, so that no other command loads it.</summary>
internal sealed class ScreenView : IChatView
{
    private const int WidestBar = 40;
    private const string Eighths = "▏▎▍▌▋▊▉█";
    private const string Dim = "\u001b[2m", Plain = "\u001b[0m", Waiting = "\u001b[2m…\u001b[0m", EraseLine = "\r\u001b[K";

    private static readonly Color[] Colours = [Color.Aqua, Color.Green, Color.Yellow, Color.Orange1, Color.Red1, Color.Magenta1, Color.MediumPurple, Color.DodgerBlue1];

    private readonly Terminal _terminal;
    private readonly IAnsiConsole _console;
    private bool _waiting, _thinking;
    private char _last = '\n';

    public ScreenView(Terminal terminal)
    {
        _terminal = terminal;
        _console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.No,
            Out = new ScreenOutput(terminal),
        });
        _console.Profile.Capabilities.Unicode = true;
    }

    /// <inheritdoc/>
    public void Open(ChatSession session)
    {
        if (_terminal.Quiet) return;
        string name = Markup.Escape(ParScaleException.Quote(Path.GetFileName(session.Model.Folder))[1..^1]);
        _console.Write(new Panel($"[bold]{name}[/]\n[dim]{Markup.Escape(ChatFigures.Of(session))}[/]\n[dim]/help lists the commands; Ctrl+C stops an answer, Ctrl+D ends the chat[/]")
        {
            Border = BoxBorder.Rounded,
            BorderStyle = new Style(Color.Aqua),
            Padding = new Padding(1, 0),
        });
    }

    /// <inheritdoc/>
    public void Wait()
    {
        _terminal.Out.Write($"\n{Waiting}");
        _terminal.Out.Flush();
        (_waiting, _thinking, _last) = (true, false, '\n');
    }

    /// <inheritdoc/>
    public void Show(string text, bool thinking)
    {
        if (text.Length == 0) return;
        EndWaiting();
        if (thinking != _thinking) _terminal.Out.Write(thinking ? Dim : $"{Plain}\n\n");
        _thinking = thinking;
        _terminal.ShowAtOnce(text);
        _last = text[^1];
    }

    /// <inheritdoc/>
    public void EndAnswer(ChatAnswer answer)
    {
        EndWaiting();
        if (_thinking) _terminal.Out.Write(Plain);
        _thinking = false;
        if (_last != '\n') _terminal.Out.Write('\n');
        if (!_terminal.Quiet) Note(ChatFigures.Short(answer.Result));
        if (ChatFigures.Advice(answer) is { } advice) Line(advice, "yellow");
        _terminal.Out.Write('\n');
    }

    /// <inheritdoc/>
    public void Note(string text) => Line(text, "dim");

    /// <inheritdoc/>
    public void Problem(string text)
    {
        EndWaiting();
        Line(text, "red");
    }

    /// <inheritdoc/>
    public void Help()
    {
        var table = new Grid().AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(2, 0, 2, 0) }).AddColumn(new GridColumn { Padding = new Padding(0) });
        foreach (SlashCommand command in SlashCommand.All)
            table.AddRow($"[aqua]{command.Name}[/] {Markup.Escape(command.Argument)}", $"[dim]{Markup.Escape(command.Description)}[/]");
        _console.Write(table);
        foreach (string line in SlashCommand.Keys) Line(line, "dim");
        _terminal.Out.Write('\n');
    }

    /// <inheritdoc/>
    public void Stats(ChatSession session)
    {
        Line($"context {ChatFigures.Context(session)}, {ChatFigures.Turns(session)}", "default");
        if (session.Last is not { Result: { } answer }) return;
        Line($"last answer: {ChatFigures.Of(answer)}", "default");
        if (answer.StreamWeights.Count == 0) return;
        var chart = new Grid().AddColumn(new GridColumn { NoWrap = true }).AddColumn(new GridColumn { NoWrap = true, Alignment = Justify.Right })
            .AddColumn(new GridColumn { NoWrap = true });
        for (int stream = 0; stream < answer.StreamWeights.Count; stream++)
        {
            float weight = answer.StreamWeights[stream];
            string bar = $"[{Colours[stream % Colours.Length].ToMarkup()}]{Bar(weight / answer.StreamWeights.Max())}[/]";
            chart.AddRow(FormattableString.Invariant($"stream {stream}"), ChatFigures.Share(weight), bar);
        }
        _console.Write(chart);
        _terminal.Out.Write('\n');
    }

    // Blocks of eighths of a column.
    private static string Bar(float share)
    {
        int eighths = (int)MathF.Round(share * WidestBar * Eighths.Length);
        string end = eighths % Eighths.Length == 0 ? "" : Eighths[(eighths % Eighths.Length) - 1].ToString();
        return new string(Eighths[^1], eighths / Eighths.Length) + end;
    }

    private void Line(string text, string style) => _console.MarkupLine($"[{style}]{Markup.Escape(text)}[/]");

    private void EndWaiting()
    {
        if (_waiting) _terminal.Out.Write(EraseLine);
        _waiting = false;
    }

    /// <summary>The terminal's output as Spectre.Console wants it.</summary>
    private sealed class ScreenOutput(Terminal terminal) : IAnsiConsoleOutput
    {
        public TextWriter Writer => terminal.Out;

        public bool IsTerminal => true;

        public int Width => terminal.Size().Columns;

        public int Height => terminal.Size().Rows;

        public void SetEncoding(Encoding encoding)
        {
        }
    }
}
