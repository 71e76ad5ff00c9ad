using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ParScale.Cli.Terminals;

/// <summary>What a command talks to: data goes to <see cref="Out"/>, talk goes to <see cref="Error"/>. Tests put strings in its place.</summary>
internal sealed class Terminal
{
    private const int StandardOutput = 1;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Where a piped-in prompt comes from; null when the user sits at the keyboard.</summary>
    public required TextReader? In { get; init; }

    /// <summary>Data only.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Errors, notes, figures, progress.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>True when <see cref="Error"/> may be redrawn with control codes: it is a terminal and NO_COLOR is not set.</summary>
    public bool CanRedraw { get; init; }

    /// <summary>No notes and no figures; errors are still written.</summary>
    public bool Quiet { get; set; }

    /// <summary>Cancels long commands from outside, beside Ctrl+C.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>The streams of this process, UTF-8 whatever the locale says.</summary>
    public static Terminal OfProcess() => new()
    {
        In = Console.IsInputRedirected ? new StreamReader(Console.OpenStandardInput(), StrictUtf8) : null,
        Out = new StreamWriter(OpenOutput(), ReplacingUtf8()) { NewLine = "\n" },
        Error = new StreamWriter(Console.OpenStandardError(), ReplacingUtf8()) { NewLine = "\n", AutoFlush = true },
        CanRedraw = !Console.IsErrorRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
    };

    /// <summary>Writes exactly one JSON object and a newline.</summary>
    public void WriteJson<T>(T value, JsonTypeInfo<T> type)
    {
        Out.Write(JsonSerializer.Serialize(value, type));
        Out.Write('\n');
        Out.Flush();
    }

    /// <summary>Writes a note on standard error unless the user asked for quiet.</summary>
    public void Note(string text)
    {
        if (!Quiet) Error.WriteLine($"parscale: {text}");
    }

    // Invalid surrogates from a model's text must become U+FFFD, never an exception half-way through an answer.
    private static UTF8Encoding ReplacingUtf8() => new(encoderShouldEmitUTF8Identifier: false);

    private static Stream OpenOutput()
    {
        if (!Console.IsOutputRedirected || OperatingSystem.IsWindows()) return Console.OpenStandardOutput();

        // .NET's console stream swallows "broken pipe" on Unix, so `| head -1` would let us compute to the end for nobody.
        // A seekable output (a file, perhaps shared with standard error) keeps the console stream, which appends.
        var pipe = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, 0);
        return pipe.CanSeek ? Console.OpenStandardOutput() : pipe;
    }
}
