using Parquet;
using Parquet.Schema;

namespace ParScale.Training.Data.Sources;

/// <summary>A Parquet table; its columns of texts, or its column of lists of messages, are read one row group at a time.</summary>
internal sealed class ParquetSource(string path, FieldNames fields, ChatTemplate chat) : ISource
{
    private const long LargestColumn = 1L << 30;
    private const long MostRows = 1 << 26;

    public IEnumerable<SourceRecord> Read()
    {
        using FileStream stream = SourceFiles.Open(path);
        ParquetReader reader = Guard(() => ParquetReader.CreateAsync(stream, leaveStreamOpen: true).GetAwaiter().GetResult());
        DataField[] columns = Columns(reader.Schema.GetDataFields());
        long row = 0;
        for (int index = 0; index < reader.RowGroupCount; index++)
        {
            using ParquetRowGroupReader group = reader.OpenRowGroupReader(index);
            long bytes = Math.Max(1, stream.Length / reader.RowGroupCount / Math.Max(1, group.RowCount));
            foreach (Func<RowFault, Document> parse in Rows(group, columns))
            {
                RowFault place = RowFault.Row(path, ++row);
                yield return new SourceRecord(bytes, () => parse(place));
            }
        }
    }

    private IEnumerable<Func<RowFault, Document>> Rows(ParquetRowGroupReader group, DataField[] fieldsOfRow)
    {
        var columns = new ParquetColumn[fieldsOfRow.Length];
        try
        {
            for (int i = 0; i < columns.Length; i++) columns[i] = ReadColumn(group, fieldsOfRow[i]);
            if (columns.Any(column => column.Count != columns[0].Count)) throw Damaged("its columns differ in length");
            for (int cell = 0; cell < columns[0].Count;)
            {
                int first = cell++;
                if (fieldsOfRow[0].MaxRepetitionLevel == 0) yield return Flat([.. columns.Select(column => column[first])]);
                else
                {
                    while (cell < columns[0].Count && !columns[0].BeginsRow(cell)) cell++;
                    yield return Chat([.. Enumerable.Range(first, cell - first).Select(i => (columns[0][i], columns[1][i]))]);
                }
            }
        }
        finally
        {
            foreach (ParquetColumn? column in columns) column?.Dispose();
        }
    }

    private Func<RowFault, Document> Flat(ParquetCell[] cells) => place => cells.Length == 1
        ? Sources.Rows.Text(cells[0].Read(fields.Text, place), place)
        : Sources.Rows.Pair(cells[0].Read(fields.Prompt, place), cells[1].Read(fields.Completion, place), place);

    private Func<RowFault, Document> Chat((ParquetCell Role, ParquetCell Content)[] cells)
    {
        // An empty list is a row of one cell without values.
        if (cells is [({ Characters: null, Bytes: null }, { Characters: null, Bytes: null })]) cells = [];
        return place => chat.Render(cells.Select(cell => new ChatMessage(cell.Role.Read("role", place), cell.Content.Read("content", place))), place);
    }

    /// <summary>The columns of a row: role and content of messages, prompt and completion, or a text.</summary>
    private DataField[] Columns(DataField[] all)
    {
        DataField? Flat(string name) => all.FirstOrDefault(field => field.MaxRepetitionLevel == 0 && field.Path.ToString() == name);
        DataField? InMessages(string name) => all.FirstOrDefault(field => field.MaxRepetitionLevel == 1 && field.Name == name
            && field.Path.ToString().StartsWith(fields.Messages + "/", StringComparison.Ordinal));

        DataField[] found = (InMessages("role"), InMessages("content"), Flat(fields.Prompt), Flat(fields.Completion), Flat(fields.Text)) switch
        {
            ({ } role, { } content, _, _, _) => [role, content],
            (_, _, { } prompt, { } completion, _) => [prompt, completion],
            (_, _, _, _, { } text) => [text],
            _ => throw RowFault.OfFile("TD-11", path,
                $"{Sources.Rows.Missing("column", fields)}; its columns are {string.Join(", ", all.Take(20).Select(field => ParScaleException.Quote(field.Path.ToString())))}"),
        };
        if (found.FirstOrDefault(field => !ParquetColumn.Takes(field)) is not { } wrong) return found;
        throw RowFault.OfFile("TD-11", path, $"the column {ParScaleException.Quote(wrong.Path.ToString())} holds {wrong.ClrType.Name}; it must hold texts");
    }

    private ParquetColumn ReadColumn(ParquetRowGroupReader group, DataField field)
    {
        long bytes = Guard(() => group.GetMetadata(field)?.MetaData?.TotalUncompressedSize) ?? throw Damaged("a row group lacks a column");
        if (bytes is >= 0 and <= LargestColumn && group.RowCount is >= 0 and <= MostRows) return Guard(() => ParquetColumn.Read(group, field));
        throw RowFault.OfFile("TD-05", path, $"a row group has {group.RowCount} rows and {bytes} bytes of "
            + $"{ParScaleException.Quote(field.Path.ToString())}; write the table in groups of at most {MostRows} rows and {LargestColumn} bytes");
    }

    /// <summary>Whatever the reader says about a damaged file is the file's fault.</summary>
    private T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not (OutOfMemoryException or ParScaleException))
        {
            throw Damaged(e.Message, e);
        }
    }

    private ParScaleException Damaged(string reason, Exception? inner = null) =>
        RowFault.OfFile("TD-11", path, $"cannot be read as Parquet ({reason.TrimEnd('.')}); write or fetch it again", inner);
}
