using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Win32.SafeHandles;

namespace ParScale.Cli.Terminals;

/// <summary>What a command talks to: data goes to <see cref="Out"/>, talk goes to <see cref="Error"/>. Tests put strings in its place.</summary>
internal sealed class Terminal
{
    private const int StandardOutput = 1;
    private const int StandardError = 2;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Where a piped-in prompt comes from; null when the user sits at the keyboard.</summary>
    public required TextReader? In { get; init; }

    /// <summary>Data only.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Errors, notes, figures, progress.</summary>
    public required TextWriter Error { private get; init; }

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
        Out = new StreamWriter(Open(StandardOutput, Console.OpenStandardOutput), ReplacingUtf8()) { NewLine = "\n" },
        Error = new StreamWriter(Open(StandardError, Console.OpenStandardError), ReplacingUtf8()) { NewLine = "\n", AutoFlush = true },
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

    // Invalid surrogates from a model's text must become U+FFFD, never an exception half-way through an answer.
    private static UTF8Encoding ReplacingUtf8() => new(encoderShouldEmitUTF8Identifier: false);

    // .NET's console streams swallow "broken pipe" on Unix, so `| head -1` would let us compute to the end for nobody, and they
    // send a terminal control codes that nobody asked for. A seekable target (a file, perhaps shared by both) keeps them: they append.
    private static Stream Open(int descriptor, Func<Stream> openConsole)
    {
        if (OperatingSystem.IsWindows()) return openConsole();
        try
        {
            var direct = new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return direct.CanSeek ? openConsole() : direct;
        }
        catch (Exception problem) when (problem is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // The descriptor is closed (`>&-`): the console stream takes and drops what is written.
            return openConsole();
        }
    }
}
