using System.Text;
using System.Text.Unicode;
using ParScale.Cli.Terminals;

namespace ParScale.Cli.Options;

/// <summary>
/// Reads a text from a file or a pipe: at most 256 MiB, whatever its length is said to be, as UTF-8. Bytes that are no UTF-8 become
/// U+FFFD, with a note; a UTF-8 byte-order mark at the start is skipped; no other encoding is guessed.
/// </summary>
internal static class TextSource
{
    private const int LargestText = 1 << 28;
    private const int ReadAtOnce = 1 << 16;

    /// <summary>Reads a whole file.</summary>
    public static string ReadFile(string path, Terminal terminal)
    {
        using FileStream file = Open(path);
        return Read(file, Path.GetFileName(path), terminal);
    }

    /// <summary>Reads standard input to its end.</summary>
    public static string ReadPipe(Stream pipe, Terminal terminal) => Read(pipe, "standard input", terminal);

    private static string Read(Stream stream, string name, Terminal terminal)
    {
        using var bytes = new MemoryStream();
        byte[] chunk = new byte[ReadAtOnce];
        for (int count; (count = stream.Read(chunk)) > 0; bytes.Write(chunk, 0, count))
        {
            if (bytes.Length + count > LargestText)
                throw ParScaleException.BadInput("IN-01", name, $"is longer than {LargestText >> 20} MiB; split it");
        }
        return Decode(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), name, terminal);
    }

    private static string Decode(ReadOnlySpan<byte> bytes, string name, Terminal terminal)
    {
        if (!Utf8.IsValid(bytes))
        {
            bool utf16 = bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..];
            string advice = utf16 ? "; it looks like UTF-16: convert it to UTF-8" : "";
            terminal.Note($"{ParScaleException.Quote(name)} is not all UTF-8; what is not is read as U+FFFD{advice}");
        }
        return Encoding.UTF8.GetString(bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes);
    }

    private static FileStream Open(string path)
    {
        if (Directory.Exists(path)) throw ParScaleException.BadInput("IN-01", path, "is a folder; a text file is needed");
        string name = ParScaleException.Quote(path);
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            throw new ParScaleException(ErrorKind.BadInput, "IN-01", $"there is no file {name}", problem);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.BadInput, "IN-01", $"the file {name} cannot be opened; check its permissions and links", problem);
        }
    }
}
