using System.IO.Enumeration;
using ParScale.Files;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Sources;

/// <summary>What an input file holds.</summary>
internal enum SourceFormat
{
    /// <summary>UTF-8 text; the whole file is one document.</summary>
    Text,

    /// <summary>UTF-8 text; every line that is not blank is a document.</summary>
    Lines,

    /// <summary>One JSON object a line.</summary>
    Jsonl,

    /// <summary>An array of JSON objects, or objects one after the other.</summary>
    Json,

    /// <summary>A Parquet table.</summary>
    Parquet,
}

/// <summary>Finds and opens the files that a command line names.</summary>
internal static class SourceFiles
{
    private const int BufferBytes = 1 << 16;

    /// <summary>
    /// The files of <paramref name="paths"/> in order. A folder stands for all files in it and below, sorted by path, whose names match
    /// <paramref name="pattern"/> (<c>*</c> and <c>?</c>) and begin with no dot.
    /// </summary>
    /// <exception cref="ParScaleException">A path is missing, or a folder has no such file.</exception>
    public static string[] Find(IEnumerable<string> paths, string pattern) => [.. paths.SelectMany(path => FilesOf(path, pattern))];

    /// <summary>The format that the name of a file tells, without the ending of a compression; text when it tells none.</summary>
    public static SourceFormat FormatOf(string path) => Path.GetExtension(Compression.NameWithin(path)).ToUpperInvariant() switch
    {
        ".JSONL" or ".NDJSON" => SourceFormat.Jsonl,
        ".JSON" => SourceFormat.Json,
        ".PARQUET" => SourceFormat.Parquet,
        _ => SourceFormat.Text,
    };

    /// <summary>The rows of a file, as <paramref name="format"/> or else its name tells.</summary>
    public static ISource Source(string path, SourceFormat? format, FieldNames fields, ChatRenderer chat) => (format ?? FormatOf(path)) switch
    {
        SourceFormat.Lines => new LinesSource(path),
        SourceFormat.Jsonl => new JsonSource(path, new JsonRow(fields, chat), byLine: true),
        SourceFormat.Json => new JsonSource(path, new JsonRow(fields, chat), byLine: false),
        SourceFormat.Parquet => new ParquetSource(path, fields, new JsonRow(fields, chat)),
        _ => new TextSource(path),
    };

    /// <summary>Opens a file to be read from front to back, unpacked if it is compressed.</summary>
    /// <exception cref="ParScaleException">The file cannot be opened, or is compressed in another way than gzip and Zstandard.</exception>
    public static Stream Open(string path) => Compression.Unpack(OpenFile(path), path);

    /// <summary>Opens a file as it is.</summary>
    /// <exception cref="ParScaleException">The file cannot be opened.</exception>
    public static FileStream OpenFile(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string name = ParScaleException.Quote(path);
            throw new ParScaleException(ErrorKind.Io, "TR-04", e switch
            {
                UnauthorizedAccessException => $"{name} may not be read by this user; change its permissions",
                FileNotFoundException or DirectoryNotFoundException => $"{name} is not there any more",
                _ => $"{name} cannot be read ({e.Message.TrimEnd('.')})",
            }, e);
        }
    }

    private static string[] FilesOf(string path, string pattern)
    {
        if (Directory.Exists(path))
        {
            string[] files = [.. Below(path, pattern).Order(StringComparer.Ordinal)];
            if (files.Length > 0) return files;
            throw ParScaleException.BadInput("TD-01", path, $"has no files that match {ParScaleException.Quote(pattern)}");
        }
        RequireThere(path);
        // A pipe or device would be read for ever, or once only.
        InputFile.Open(path, "TD-01", "TD-01").Dispose();
        return [path];
    }

    private static void RequireThere(string path)
    {
        try
        {
            File.GetAttributes(path);
            if (!Path.Exists(path)) throw ParScaleException.BadInput("TD-01", path, "is a link to what is not there");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw ParScaleException.BadInput("TD-01", path, "is not there; --data takes files and folders", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw InputFile.Unreadable(path, e, "TD-01");
        }
    }

    private static FileSystemEnumerable<string> Below(string folder, string pattern) => new(
        folder, (ref FileSystemEntry entry) => entry.ToSpecifiedFullPath(), new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = false })
    {
        ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && entry.FileName is not ['.', ..]
            && FileSystemName.MatchesSimpleExpression(pattern, entry.FileName, ignoreCase: false),
        // A linked folder may lead back to where it stands.
        ShouldRecursePredicate = (ref FileSystemEntry entry) => entry.FileName is not ['.', ..] && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
    };
}
