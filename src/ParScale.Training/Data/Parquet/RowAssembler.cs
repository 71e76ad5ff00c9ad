using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Parquet;

/// <summary>A row of a table as the JSON object that it stands for; null where it is longer than a row may be, or a text of it is not UTF-8.</summary>
internal readonly record struct TableRow(byte[]? Json, bool IsTooLong);

/// <summary>Puts rows together from the columns of a row group, by their definition and repetition levels.</summary>
internal sealed class RowAssembler : IDisposable
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly IReadOnlyList<ParquetField> _fields;
    private readonly Dictionary<ParquetField, ColumnReader> _columns;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;
    private long _bytes;
    private bool _isUtf8;

    /// <summary>An assembler of the given top fields of a row group; other columns are not read.</summary>
    public RowAssembler(FileRegion file, ParquetRowGroup group, IReadOnlyList<ParquetField> fields)
    {
        _fields = fields;
        _columns = fields.SelectMany(field => field.Leaves).ToDictionary(leaf => leaf, leaf => new ColumnReader(file, group.Columns[leaf.Column], leaf));
        _json = new Utf8JsonWriter(_buffer, Writing);
    }

    /// <summary>The next row, in the order of the table.</summary>
    /// <exception cref="InvalidDataException">The columns do not fit together, or end.</exception>
    public TableRow Next()
    {
        _buffer.ResetWrittenCount();
        _json.Reset();
        (_bytes, _isUtf8) = (0, true);
        if (_columns.Values.Any(column => !column.HasEntry || column.Repetition != 0)) throw Unequal();
        WriteObject(_fields);
        _json.Flush();
        bool tooLong = _bytes > RowLocation.LongestRow;
        return new TableRow(_isUtf8 && !tooLong ? _buffer.WrittenSpan.ToArray() : null, tooLong);
    }

    /// <exception cref="InvalidDataException">There is more.</exception>
    public void RequireEnd()
    {
        if (_columns.Values.Any(column => column.HasEntry)) throw Unequal();
    }

    public void Dispose() => _json.Dispose();

    private void WriteObject(IReadOnlyList<ParquetField> fields)
    {
        _json.WriteStartObject();
        foreach (ParquetField field in fields.Where(field => field.Leaves.Count > 0))
        {
            _json.WritePropertyName(field.Name);
            Write(field);
        }
        _json.WriteEndObject();
    }

    private void Write(ParquetField field)
    {
        if (field.IsRepeated) WriteList(field, field, isWrapper: false);
        else if (field.IsOptional && !IsThere(field))
        {
            _json.WriteNullValue();
            Pass(field);
        }
        else WritePresent(field);
    }

    private void WritePresent(ParquetField field)
    {
        if (field.IsLeaf) WriteValue(field);
        else if (field.RepeatedOfList is { } repeated) WriteList(field, repeated, repeated.HoldsElement(field));
        else WriteObject(field.Children);
    }

    private void WriteList(ParquetField list, ParquetField repeated, bool isWrapper)
    {
        _json.WriteStartArray();
        if (!IsThere(repeated)) Pass(repeated);
        else
        {
            do
            {
                if (isWrapper) Write(repeated.Children[0]);
                else WritePresent(repeated);
            }
            while (GoesOn(repeated));
        }
        _json.WriteEndArray();
    }

    /// <summary>Whether all columns below a field say that it is there; they must agree.</summary>
    private bool IsThere(ParquetField field) => Agreed(field, column => column.Definition >= field.Definition);

    private bool GoesOn(ParquetField repeated) => Agreed(repeated, column => column.HasEntry && column.Repetition == repeated.Repetition);

    private bool Agreed(ParquetField field, Func<ColumnReader, bool> says)
    {
        bool first = says(_columns[field.Leaves[0]]);
        for (int i = 1; i < field.Leaves.Count; i++)
            if (says(_columns[field.Leaves[i]]) != first) throw Unequal();
        return first;
    }

    private void Pass(ParquetField field)
    {
        foreach (ParquetField leaf in field.Leaves) _columns[leaf].Advance();
    }

    private void WriteValue(ParquetField leaf)
    {
        ColumnReader column = _columns[leaf];
        if (!column.HasValue) throw Unequal();
        ReadOnlySpan<byte> value = column.Value.Span;
        _bytes += value.Length;
        switch (leaf.Element.IsRead ? leaf.Element.Type : null)
        {
            case ParquetType.Bytes: WriteText(value); break;
            case ParquetType.Boolean: _json.WriteBooleanValue(value[0] != 0); break;
            case ParquetType.Int32: _json.WriteNumberValue(BinaryPrimitives.ReadInt32LittleEndian(value)); break;
            case ParquetType.Int64: _json.WriteNumberValue(BinaryPrimitives.ReadInt64LittleEndian(value)); break;
            case ParquetType.Float: WriteNumber(BinaryPrimitives.ReadSingleLittleEndian(value)); break;
            case ParquetType.Double: WriteNumber(BinaryPrimitives.ReadDoubleLittleEndian(value)); break;
            case null when leaf.Element.IsNull: _json.WriteNullValue(); break;
            default: _json.WriteStringValue(ParquetType.Name(leaf.Element.Type ?? -1)); break;
        }
        column.Advance();
    }

    private void WriteText(ReadOnlySpan<byte> text)
    {
        _isUtf8 &= Utf8.IsValid(text);
        // Of a row that is bad already the rest is not held.
        if (_isUtf8 && _bytes <= RowLocation.LongestRow) _json.WriteStringValue(text);
        else _json.WriteNullValue();
    }

    // NaN is how tables without nulls say that there is none.
    private void WriteNumber(double value)
    {
        if (double.IsFinite(value)) _json.WriteNumberValue(value);
        else if (double.IsNaN(value)) _json.WriteNullValue();
        else _json.WriteStringValue("infinite");
    }

    private static InvalidDataException Unequal() => new("its columns do not fit together");
}
