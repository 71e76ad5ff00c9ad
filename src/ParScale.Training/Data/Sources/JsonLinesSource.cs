namespace ParScale.Training.Data.Sources;

/// <summary>A file of one JSON object a line; blank lines are passed over.</summary>
internal sealed class JsonLinesSource(string path, FieldNames fields, ChatTemplate chat) : ISource
{
    public IEnumerable<SourceRecord> Read()
    {
        var rows = new JsonRow(fields, chat);
        using FileStream stream = SourceFiles.Open(path);
        foreach (SourceLine line in new LineReader(stream).Read())
        {
            RowFault place = RowFault.Line(path, line.Number);
            if (line.Bytes is not { } bytes) yield return new SourceRecord(line.Length, () => throw place.TooLong());
            else if (!LinesSource.IsBlank(bytes)) yield return new SourceRecord(line.Length, () => rows.Parse(bytes, place));
        }
    }
}
