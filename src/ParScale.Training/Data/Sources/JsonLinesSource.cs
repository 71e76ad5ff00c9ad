using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Sources;

/// <summary>A file of one JSON object a line; blank lines are passed over.</summary>
internal sealed class JsonLinesSource(string path, JsonRow rows) : ISource
{
    public IEnumerable<SourceRecord> Read()
    {
        using Stream stream = SourceFiles.Open(path);
        foreach (SourceLine line in new LineReader(stream).Read())
        {
            RowLocation place = RowLocation.Line(path, line.Number);
            if (line.Bytes is not { } bytes) yield return new SourceRecord(line.Length, () => throw place.TooLong());
            else if (!LinesSource.IsBlank(bytes)) yield return new SourceRecord(line.Length, () => rows.Parse(bytes, place));
        }
    }
}
