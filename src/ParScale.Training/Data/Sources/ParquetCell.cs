namespace ParScale.Training.Data.Sources;

/// <summary>A text of a table: as characters, as bytes not checked yet, or neither when the cell is null.</summary>
internal readonly record struct ParquetCell(string? Characters, byte[]? Bytes)
{
    /// <exception cref="ParScaleException">The cell is null or not UTF-8.</exception>
    public string Read(string column, RowFault place)
    {
        if (Bytes is not null) return Utf8Text.Read(Bytes, place);
        return Characters ?? throw place.Is("TD-03", $"{ParScaleException.Quote(column)} is null; it must be a text");
    }
}
