using System.Buffers.Binary;

namespace ParScale.Training.Data.Parquet;

/// <summary>The footer of a Parquet file: its schema and where the columns of its row groups lie.</summary>
internal sealed record ParquetFooter(ParquetField Schema, IReadOnlyList<ParquetRowGroup> Groups)
{
    private const int LargestFooter = 128 << 20;
    private const int TailBytes = 8;

    /// <exception cref="InvalidDataException">The file is no whole Parquet file.</exception>
    /// <exception cref="NotSupportedException">It is encrypted.</exception>
    public static ParquetFooter Read(FileRegion file)
    {
        if (file.Length < 12) throw new InvalidDataException("it is too short");
        ReadOnlySpan<byte> tail = file.Read(file.Length - TailBytes, TailBytes).Span;
        if (tail[4..].SequenceEqual("PARE"u8)) throw new NotSupportedException("encryption");
        if (!tail[4..].SequenceEqual("PAR1"u8)) throw new InvalidDataException("it does not end as a Parquet file: it is cut off, or something else");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (length > LargestFooter || length > file.Length - 12) throw new InvalidDataException("its footer does not fit into it");
        var thrift = new ThriftReader(file.Read(file.Length - TailBytes - length, (int)length));
        List<SchemaElement> elements = [];
        List<ParquetRowGroup> groups = [];
        thrift.Struct(id =>
        {
            switch (id)
            {
                case 2: elements = thrift.List(() => SchemaElement.Read(thrift)); return true;
                case 4: groups = thrift.List(() => ParquetRowGroup.Read(thrift)); return true;
                case 8: throw new NotSupportedException("encryption");
                default: return false;
            }
        });
        ParquetField schema = ParquetField.Build(elements);
        int leaves = schema.Leaves.Count;
        if (groups.Any(group => group.Columns.Count != leaves)) throw new InvalidDataException("a row group has another number of columns than the schema");
        return new ParquetFooter(schema, groups);
    }
}

/// <summary>Some rows of a table, column by column.</summary>
internal sealed record ParquetRowGroup(long Rows, IReadOnlyList<ColumnChunk> Columns)
{
    public static ParquetRowGroup Read(ThriftReader thrift)
    {
        List<ColumnChunk> columns = [];
        long rows = 0;
        thrift.Struct(id =>
        {
            if (id == 1) columns = thrift.List(() => ColumnChunk.Read(thrift));
            else if (id == 3) rows = thrift.Integer();
            else return false;
            return true;
        });
        return columns.Count > 0 && rows >= 0 ? new ParquetRowGroup(rows, columns) : throw new InvalidDataException("a row group has no columns");
    }
}

/// <summary>Where the pages of a column of a row group lie: <paramref name="Values"/> entries, nulls and empty lists included.</summary>
internal sealed record ColumnChunk(int Type, int Codec, long Values, long Start, bool IsEncrypted, bool IsElsewhere)
{
    public static ColumnChunk Read(ThriftReader thrift)
    {
        (int type, int codec, long values, long data, long dictionary, bool encrypted, bool elsewhere) = (-1, -1, -1L, -1L, 0L, false, false);
        thrift.Struct(id =>
        {
            if (id == 1) elsewhere = thrift.Text().Length > 0;
            else if (id == 3) thrift.Struct(Metadata);
            else encrypted |= id is 8 or 9;
            return id is 1 or 3;
        });
        if (!encrypted && (type < 0 || codec < 0 || values < 0 || data < 0)) throw new InvalidDataException("a column of a row group is not described");
        return new ColumnChunk(type, codec, values, dictionary > 0 && dictionary < data ? dictionary : data, encrypted, elsewhere);

        bool Metadata(int id)
        {
            switch (id)
            {
                case 1: type = thrift.Int32(); return true;
                case 4: codec = thrift.Int32(); return true;
                case 5: values = thrift.Integer(); return true;
                case 9: data = thrift.Integer(); return true;
                case 11: dictionary = thrift.Integer(); return true;
                default: return false;
            }
        }
    }
}
