using System.IO.Enumeration;

namespace ParScale.Training.Data.Sources;

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

    /// <summary>The format that the name of a file tells; text when it tells none.</summary>
    public static SourceFormat FormatOf(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".JSONL" or ".NDJSON" or ".JSON" => SourceFormat.Jsonl,
        ".PARQUET" => SourceFormat.Parquet,
        _ => SourceFormat.Text,
    };

    /// <exception cref="ParScaleException">The file cannot be opened.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "TR-04",
                $"{ParScaleException.Quote(path)} cannot be read; check that it is there and its permissions", e);
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
        if (!File.Exists(path)) throw ParScaleException.BadInput("TD-01", path, "is not there; --data takes files and folders");
        // A pipe or device would be read for ever, or once only.
        InputFile.RequireRegular(path, "TD-01", "TD-01");
        return [path];
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
