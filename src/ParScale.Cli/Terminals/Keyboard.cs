using Microsoft.Win32.SafeHandles;

namespace ParScale.Cli.Terminals;

/// <summary>What someone types: bytes as the terminal sends them.</summary>
/// <param name="bytes">The bytes.</param>
/// <param name="mode">How the terminal treats them; null where only whole lines come.</param>
internal sealed class Keyboard(Func<Stream> bytes, Func<TerminalMode?> mode)
{
    private const int StandardInput = 0;
    private const int LeastColumns = 20, LeastRows = 5;

    private readonly Lazy<TerminalMode?> _mode = new(mode);

    /// <summary>Whether single keys can be read, so that a line can be edited while it is typed.</summary>
    public bool SendsKeys => _mode.Value is not null;

    /// <summary>How the terminal treats keys.</summary>
    public TerminalMode Mode => _mode.Value ?? throw new InvalidOperationException("this keyboard sends whole lines");

    /// <summary>Opens the bytes.</summary>
    public Stream Open() => bytes();

    /// <summary>
    /// The keyboard of this process; null when input is not a terminal. A terminal of Windows and one that knows no control codes edit
    /// lines themselves; so does one whose screen shows nothing of ours.
    /// </summary>
    public static Keyboard? OfProcess()
    {
        if (Console.IsInputRedirected || !StandardStreams.HasInput) return null;
        bool edits = !OperatingSystem.IsWindows() && !Console.IsOutputRedirected
            && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";
        return new Keyboard(
            OperatingSystem.IsWindows()
                ? Console.OpenStandardInput
                : () => new FileStream(new SafeFileHandle(StandardInput, ownsHandle: false), FileAccess.Read, bufferSize: 0),
            () => edits ? TerminalMode.Of(StandardInput) : null);
    }

    /// <summary>Columns and rows of this process's screen; 80 and 24 when nobody knows.</summary>
    public static (int Columns, int Rows) ScreenSize()
    {
        try
        {
            (int columns, int rows) = (Console.WindowWidth, Console.WindowHeight);
            return (columns < LeastColumns ? 80 : columns, rows < LeastRows ? 24 : rows);
        }
        catch (IOException)
        {
            return (80, 24);
        }
    }
}
