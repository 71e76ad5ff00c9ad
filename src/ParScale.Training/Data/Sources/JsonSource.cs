using System.Text.Json;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Sources;

/// <summary>
/// JSON whose rows are the elements of one array, or objects one after the other, over as many lines as they like. Where the first line
/// is a whole object, every line is a row, so that one bad line harms no other; and so it is where a line is expected to be a row
/// (<paramref name="byLine"/>), unless the first line is a bracket alone, which no row can be.
/// </summary>
internal sealed class JsonSource(string path, JsonRow rows, bool byLine) : ISource
{
    public IEnumerable<SourceRecord> Read() => IsOneALine() ? new JsonLinesSource(path, rows).Read() : Values();

    private IEnumerable<SourceRecord> Values()
    {
        using Stream stream = SourceFiles.Open(path);
        var values = new JsonValues(stream, RowLocation.LongestRow);
        foreach (SourceLine value in values.Read())
        {
            RowLocation place = RowLocation.Row(path, value.Number);
            yield return new SourceRecord(value.Length, () => value.Bytes is { } bytes ? rows.Parse(bytes, place) : throw place.TooLong());
        }
        if (values.Fault is { } fault) throw RowLocation.FileError("TD-02", path, fault);
    }

    private bool IsOneALine()
    {
        using Stream stream = SourceFiles.Open(path);
        byte[]? first = new LineReader(stream).Read().FirstOrDefault(line => line.Bytes is null || !LinesSource.IsBlank(line.Bytes)).Bytes;
        ReadOnlySpan<byte> trimmed = first.AsSpan().Trim(" \t\r"u8);
        if (byLine) return trimmed is not ([(byte)'['] or [(byte)'{']);
        if (trimmed is not [(byte)'{', ..]) return false;
        try
        {
            Json.Parse(first).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
