using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace ParScale.Training.Data.Sources;

/// <summary>The cells of one column in one row group.</summary>
internal sealed class ParquetColumn : IDisposable
{
    private readonly RawColumnData _data;
    private readonly int _present;

    private ParquetColumn(RawColumnData data, int present) => (_data, _present) = (data, present);

    /// <summary>The number of cells.</summary>
    public int Count => _data is RawColumnData<ReadOnlyMemory<char>> texts ? texts.Values.Length : ((RawColumnData<ReadOnlyMemory<byte>>)_data).Values.Length;

    public static bool Takes(DataField field) => field.ClrType == typeof(ReadOnlyMemory<char>) || field.ClrType == typeof(ReadOnlyMemory<byte>);

    public static ParquetColumn Read(ParquetRowGroupReader group, DataField field) =>
        new(group.ReadRawColumnDataBaseAsync(field, CancellationToken.None).AsTask().GetAwaiter().GetResult(), field.MaxDefinitionLevel);

    /// <summary>Whether the cell is the first of a row, in a column of lists.</summary>
    public bool BeginsRow(int cell) => _data.RepetitionLevels[cell] == 0;

    public ParquetCell this[int cell]
    {
        get
        {
            if (_present > 0 && _data.DefinitionLevels[cell] < _present) return default;
            return _data is RawColumnData<ReadOnlyMemory<char>> texts
                ? new ParquetCell(texts.Values[cell].ToString(), null)
                : new ParquetCell(null, ((RawColumnData<ReadOnlyMemory<byte>>)_data).Values[cell].ToArray());
        }
    }

    public void Dispose() => _data.Dispose();
}
