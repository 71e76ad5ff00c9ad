namespace ParScale.Training.Data.Parquet;

/// <summary>
/// What stands before the bytes of a page. Of a page of the second version the levels, <paramref name="RepetitionBytes"/> and
/// <paramref name="DefinitionBytes"/> long, are never compressed.
/// </summary>
internal sealed record PageHeader(
    int Kind, int Bytes, int PlainBytes, uint? Checksum, int Values, int Encoding, int LevelEncoding, int RepetitionBytes, int DefinitionBytes, bool IsCompressed)
{
    public const int Data = 0, Index = 1, Dictionary = 2, DataV2 = 3;
    private const int LargestPage = 1 << 30;
    private const int MostValues = 1 << 24;

    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="NotSupportedException">The page is larger than this program reads.</exception>
    public static PageHeader Read(ThriftReader thrift)
    {
        (int kind, int bytes, int plain, uint? checksum, int values) = (-1, -1, -1, null, 0);
        (int encoding, int levels, int repetition, int definition, bool compressed) = (0, 3, 0, 0, true);
        thrift.Struct(id =>
        {
            switch (id)
            {
                case 1: kind = thrift.Int32(); return true;
                case 2: plain = thrift.Int32(); return true;
                case 3: bytes = thrift.Int32(); return true;
                case 4: checksum = unchecked((uint)thrift.Int32()); return true;
                case 5: thrift.Struct(First); return true;
                case 7: thrift.Struct(First); return true;
                case 8: thrift.Struct(Second); return true;
                default: return false;
            }
        });
        if (bytes < 0 || plain < 0 || values < 0 || repetition < 0 || definition < 0) throw new InvalidDataException("the header of a page is damaged");
        if (Math.Max(bytes, plain) > LargestPage || values > MostValues)
            throw new NotSupportedException($"a page of more than {LargestPage >> 20} MiB or {MostValues} values");
        return new PageHeader(kind, bytes, plain, checksum, values, encoding, levels, repetition, definition, compressed);

        bool First(int id)
        {
            switch (id)
            {
                case 1: values = thrift.Int32(); return true;
                case 2: encoding = thrift.Int32(); return true;
                // The two encodings of levels; a dictionary has none, its third field is a flag.
                case 3 or 4 when kind == Data:
                    int of = thrift.Int32();
                    if (of != 3) levels = of;
                    return true;
                default: return false;
            }
        }

        bool Second(int id)
        {
            switch (id)
            {
                case 1: values = thrift.Int32(); return true;
                case 4: encoding = thrift.Int32(); return true;
                case 5: definition = thrift.Int32(); return true;
                case 6: repetition = thrift.Int32(); return true;
                case 7: compressed = thrift.Flag(); return true;
                default: return false;
            }
        }
    }
}
