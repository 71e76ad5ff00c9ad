using System.Text.Json;
using ParScale.Files;

namespace ParScale.Cli.Chat.Editing;

/// <summary>
/// What was typed before, the newest last, kept in a file that only its user may read: one JSON string a line, so that a text of
/// several lines stays one entry. Lines that are none are passed over. Where the file cannot be read or written, the history lasts as
/// long as the program.
/// </summary>
internal sealed class LineHistory
{
    private const int Most = 1000;
    private const int LongestEntry = 10_000;
    private const long LargestFile = 16 << 20;

    private readonly string? _file;
    private readonly List<string> _entries = [];

    private LineHistory(string? file) => _file = file;

    /// <summary>All entries, the newest last.</summary>
    public IReadOnlyList<string> Entries => _entries;

    /// <summary>Reads the history in a folder; null keeps none.</summary>
    public static LineHistory Open(string? folder)
    {
        var history = new LineHistory(folder is null ? null : Path.Combine(folder, "chat-history.jsonl"));
        try
        {
            if (history._file is { } file && new FileInfo(file) is { Exists: true, Length: <= LargestFile })
                history._entries.AddRange(File.ReadLines(file).Select(Parse).OfType<string>().TakeLast(Most));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // What was typed before is a comfort; the chat goes without.
        }
        return history;
    }

    /// <summary>Adds a text, unless it is the newest already or too long to be typed again.</summary>
    public void Add(string text)
    {
        if (text.Length is 0 or > LongestEntry || (_entries.Count > 0 && _entries[^1] == text)) return;
        _entries.Add(text);
        if (_file is null) return;
        try
        {
            Write(text);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // As above.
        }
    }

    // Two chats may add to one file: a line is appended in one piece. It is written anew when it has grown to twice what is kept.
    private void Write(string text)
    {
        string folder = Path.GetDirectoryName(_file)!;
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (_entries.Count > 2 * Most)
        {
            _entries.RemoveRange(0, _entries.Count - Most);
            DurableFile.ReplaceText(_file!, string.Concat(_entries.Select(Line)));
            return;
        }
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(_file!, options);
        file.Write(System.Text.Encoding.UTF8.GetBytes(Line(text)));
    }

    private static string Line(string text) => $"\"{JsonEncodedText.Encode(text)}\"\n";

    private static string? Parse(string line)
    {
        try
        {
            using JsonDocument parsed = JsonDocument.Parse(line);
            return parsed.RootElement.ValueKind == JsonValueKind.String ? parsed.RootElement.GetString() : null;
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
