using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Sources;

/// <summary>A text file whose lines are documents; blank ones are none.</summary>
internal sealed class LinesSource(string path) : ISource
{
    public IEnumerable<SourceRecord> Read()
    {
        using Stream stream = SourceFiles.Open(path);
        foreach (SourceLine line in new LineReader(stream).Read())
        {
            RowLocation place = RowLocation.Line(path, line.Number);
            if (line.Bytes is not { } bytes) yield return new SourceRecord(line.Length, () => throw place.TooLong());
            else if (!IsBlank(bytes)) yield return new SourceRecord(line.Length, () => new Document([new Segment(Utf8Text.Read(bytes, place), true)]));
        }
    }

    internal static bool IsBlank(ReadOnlySpan<byte> line) => line.TrimStart(" \t\r\v\f"u8).IsEmpty;
}
