using System.Text;
using System.Text.Json;
using ParScale.Cli.Terminals;

namespace ParScale.Cli.Tests.Support;

/// <summary>Runs the tool inside this process.</summary>
internal static class Tool
{
    public static Outcome Run(params string[] args) => RunWith(null, CancellationToken.None, args);

    public static Outcome Pipe(string input, params string[] args) => PipeStream(new MemoryStream(Encoding.UTF8.GetBytes(input)), args);

    public static Outcome PipeStream(Stream input, params string[] args) => RunWith(input, CancellationToken.None, args);

    public static Outcome RunWith(Stream? input, CancellationToken cancellation, params string[] args) => RunIn(input, screen: false, args, cancellation);

    /// <summary>Runs with a screen for standard output.</summary>
    public static Outcome OnScreen(params string[] args) => RunIn(null, screen: true, args, CancellationToken.None);

    /// <summary>Runs with a person before it: the bytes that a keyboard sends, a screen with or without colours, a folder for the state.</summary>
    public static Outcome Type(string keys, bool colours, string? state, params string[] args) => Run(args, (output, error) => new Terminal
    {
        In = null,
        Out = output,
        Error = error,
        OutIsScreen = true,
        HasColours = colours,
        StateFolder = state,
        Keyboard = new Keyboard(() => new MemoryStream(Encoding.UTF8.GetBytes(keys)), () => TerminalMode.None),
    });

    /// <summary>Runs with somebody at the keyboard, who answers every question.</summary>
    public static Outcome Answer(Func<string, bool> answer, params string[] args) => RunIn(null, screen: true, args, CancellationToken.None, answer);

    private static Outcome RunIn(Stream? input, bool screen, string[] args, CancellationToken cancellation, Func<string, bool>? answer = null)
    {
        return Run(args, (output, error) => new Terminal { In = input, Out = output, Error = error, OutIsScreen = screen, Cancellation = cancellation, Confirm = answer });
    }

    private static Outcome Run(string[] args, Func<TextWriter, TextWriter, Terminal> terminal)
    {
        var output = new StringWriter { NewLine = "\n" };
        var error = new StringWriter { NewLine = "\n" };
        int exit = CommandLine.Run(args, terminal(output, error));
        return new Outcome(exit, output.ToString(), error.ToString());
    }
}

/// <summary>What a run left behind.</summary>
internal sealed record Outcome(int Exit, string Out, string Error)
{
    /// <summary>The one JSON object on standard output; fails when there is anything else.</summary>
    public JsonElement Json()
    {
        Assert.True(Exit == 0, $"exit {Exit}: {Error}");
        Assert.EndsWith("\n", Out, StringComparison.Ordinal);
        Assert.Equal(1, Out.Count(c => c == '\n'));
        using var document = JsonDocument.Parse(Out);
        Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
        return document.RootElement.Clone();
    }

    /// <summary>Checks that the run failed with one line that starts as the error contract says, and with nothing on standard output.</summary>
    /// <param name="exit">The exit code.</param>
    /// <param name="code">The id of the error.</param>
    /// <param name="talk">Whether notes may come before it.</param>
    public string Fails(int exit, string code, bool talk = false)
    {
        Assert.Equal($"exit {exit}", $"exit {Exit}" + (Exit == exit ? "" : $": {Error}"));
        Assert.Equal("", Out);
        if (talk)
        {
            Assert.StartsWith($"parscale: error {code}: ", Error.TrimEnd('\n').Split('\n')[^1], StringComparison.Ordinal);
            return Error;
        }
        Assert.StartsWith($"parscale: error {code}: ", Error, StringComparison.Ordinal);
        Assert.EndsWith("\n", Error, StringComparison.Ordinal);
        Assert.Equal(1, Error.Count(c => c == '\n'));
        return Error;
    }
}
