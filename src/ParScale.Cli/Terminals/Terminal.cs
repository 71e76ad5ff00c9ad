using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ParScale.Text;

namespace ParScale.Cli.Terminals;

/// <summary>What a command talks to: data goes to <see cref="Out"/>, talk goes to <see cref="Error"/>. Tests put strings in its place.</summary>
internal sealed class Terminal
{
    /// <summary>Where a piped-in prompt comes from; null when there is nothing to read.</summary>
    public required Stream? In { get; init; }

    /// <summary>Data only. Text of a model or a user goes through <see cref="Show"/>.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Errors, notes, figures, progress.</summary>
    public required TextWriter Error { private get; init; }

    /// <summary>True when <see cref="Out"/> is a screen, which obeys control codes, and not a file or a pipe.</summary>
    public bool OutIsScreen { private get; init; }

    /// <summary>True when <see cref="Error"/> may be redrawn with control codes: it is a terminal and NO_COLOR is not set.</summary>
    public bool CanRedraw { get; init; }

    /// <summary>Whether what is written to <see cref="Out"/> may have colours: it is a screen and NO_COLOR is not set.</summary>
    public bool HasColours { get; init; }

    /// <summary>Columns and rows of the screen.</summary>
    public Func<(int Columns, int Rows)> Size { get; init; } = () => (80, 24);

    /// <summary>The keyboard, when someone sits at it; null when input is piped, redirected or closed.</summary>
    public Keyboard? Keyboard { get; init; }

    /// <summary>The folder of this user for what the tool remembers between two runs; null remembers nothing.</summary>
    public string? StateFolder { get; init; }

    /// <summary>Asks a question on standard error and reads yes or no from the keyboard; null where nobody sits at one.</summary>
    public Func<string, bool>? Confirm { get; init; }

    /// <summary>No notes and no figures; errors are still written.</summary>
    public bool Quiet { get; set; }

    /// <summary>Cancels long commands from outside, beside Ctrl+C.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>The streams of this process, UTF-8 whatever the locale says.</summary>
    public static Terminal OfProcess() => new()
    {
        In = StandardStreams.In(),
        Out = new StreamWriter(StandardStreams.Out(), ReplacingUtf8()) { NewLine = "\n" },
        Error = new StreamWriter(StandardStreams.Error(), ReplacingUtf8()) { NewLine = "\n", AutoFlush = true },
        OutIsScreen = !Console.IsOutputRedirected,
        HasColours = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        Size = Keyboard.ScreenSize,
        Keyboard = Keyboard.OfProcess(),
        StateFolder = Terminals.StateFolder.OfUser(),
        Confirm = StandardStreams.AtKeyboard ? Ask : null,
        CanRedraw = !Console.IsErrorRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
    };

    /// <summary>Writes exactly one JSON object and a newline.</summary>
    public void WriteJson<T>(T value, JsonTypeInfo<T> type)
    {
        Out.Write(JsonSerializer.Serialize(value, type));
        Out.Write('\n');
        Out.Flush();
    }

    /// <summary>Writes text that a model or a user made up: as it is, but to a screen without the codes that would steer it.</summary>
    public void Show(string text) => Out.Write(OutIsScreen ? ScreenText.Of(text) : text);

    /// <summary>The same, and has it shown before more is computed.</summary>
    public void ShowAtOnce(string text)
    {
        Show(text);
        Out.Flush();
    }

    /// <summary>Writes a note on standard error unless the user asked for quiet.</summary>
    public void Note(string text)
    {
        if (!Quiet) Say($"parscale: {text}\n");
    }

    /// <summary>Writes to standard error. What cannot be said there cannot be said at all: a failure is dropped.</summary>
    public void Say(string text)
    {
        try
        {
            Error.Write(text);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            Quiet = true;
        }
    }

    private static bool Ask(string question)
    {
        Console.Error.Write(question);
        return Console.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }

    // Invalid surrogates from a model's text must become U+FFFD, never an exception half-way through an answer.
    private static UTF8Encoding ReplacingUtf8() => new(encoderShouldEmitUTF8Identifier: false);
}
