using ParScale.Training.Data.Parquet;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Sources;

/// <summary>A Parquet table, of which only the columns that bear on documents are read, a page of each at a time.</summary>
internal sealed class ParquetSource(string path, FieldNames fields, JsonRow rows) : ISource
{
    public IEnumerable<SourceRecord> Read()
    {
        if (Compression.IsPacked(path)) throw RowLocation.FileError("TD-20", path, "is a table that was compressed as a whole; unpack it");
        using FileStream stream = SourceFiles.OpenFile(path);
        var file = new FileRegion(stream);
        ParquetFooter footer = Guard(() => ParquetFooter.Read(file));
        ParquetField[] columns = Columns(footer.Schema);
        long bytes = (long)Math.Max(1, stream.Length / Math.Max(1, footer.Groups.Sum(group => (double)group.Rows)));
        long number = 0;
        foreach (ParquetRowGroup group in footer.Groups)
        {
            using RowAssembler assembler = Guard(() => new RowAssembler(file, group, columns));
            for (long row = 0; row < group.Rows; row++)
            {
                TableRow read = Guard(assembler.Next);
                RowLocation place = RowLocation.Row(path, ++number);
                yield return new SourceRecord(Math.Max(bytes, read.Json?.Length ?? 0), () => Parse(read, place));
            }
            Guard(() =>
            {
                assembler.RequireEnd();
                return true;
            });
        }
    }

    private Document Parse(TableRow row, RowLocation place)
    {
        if (row.Json is { } json) return rows.Parse(json, place);
        throw row.IsTooLong ? place.TooLong() : place.NotUtf8();
    }

    /// <summary>The columns, whatever stands below them, for whose names rows are asked.</summary>
    private ParquetField[] Columns(ParquetField schema)
    {
        ParquetField[] asked = [.. schema.Children.Where(field => JsonRow.IsRead(field.Name, fields) && field.Leaves.Count > 0)];
        bool Has(string name) => Array.Exists(asked, field => field.Name == name && field.Element.MayHoldText);
        if (Has(fields.Messages) || (Has(fields.Prompt) && Has(fields.Completion)) || Has(fields.Text)) return [.. asked.Where(field => !field.Element.IsNull)];
        if (Array.Find(asked, field => fields.Contains(field.Name) && !field.Element.MayHoldText) is { } wrong)
        {
            string holds = wrong.Element.IsNull ? "only null" : ParquetType.Name(wrong.Element.Type ?? -1);
            throw RowLocation.FileError("TD-11", path, $"the column {ParScaleException.Quote(wrong.Name)} holds {holds}; it must hold texts (--text-field and the like name others)");
        }
        throw RowLocation.FileError("TD-11", path, $"{JsonRow.Missing("column", fields)}; its columns are "
            + string.Join(", ", schema.Children.Take(20).Select(field => ParScaleException.Quote(field.Name))));
    }

    /// <summary>Whatever goes wrong in reading a damaged file is the file's fault.</summary>
    private T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (NotSupportedException e)
        {
            throw RowLocation.FileError("TD-11", path, $"uses {e.Message}, which this program does not read; write the table without it", e);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or IOException or ParScaleException))
        {
            string reason = e is InvalidDataException ? $" ({e.Message})" : "";
            throw RowLocation.FileError("TD-11", path, $"is not a complete Parquet file{reason}; write or fetch it again", e);
        }
    }
}
