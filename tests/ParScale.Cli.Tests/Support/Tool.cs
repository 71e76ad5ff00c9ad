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

    /// <summary>Runs with somebody at the keyboard, who answers every question.</summary>
    public static Outcome Answer(Func<string, bool> answer, params string[] args) => RunIn(null, screen: true, args, CancellationToken.None, answer);

    private static Outcome RunIn(Stream? input, bool screen, string[] args, CancellationToken cancellation, Func<string, bool>? answer = null)
    {
        var output = new StringWriter { NewLine = "\n" };
        var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal { In = input, Out = output, Error = error, OutIsScreen = screen, Cancellation = cancellation, Confirm = answer };
        int exit = CommandLine.Run(args, terminal);
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
    public string Fails(int exit, string code)
    {
        Assert.Equal($"exit {exit}", $"exit {Exit}" + (Exit == exit ? "" : $": {Error}"));
        Assert.Equal("", Out);
        Assert.StartsWith($"parscale: error {code}: ", Error, StringComparison.Ordinal);
        Assert.EndsWith("\n", Error, StringComparison.Ordinal);
        Assert.Equal(1, Error.Count(c => c == '\n'));
        return Error;
    }
}
