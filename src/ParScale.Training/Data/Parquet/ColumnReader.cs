using System.IO.Hashing;
using System.Numerics;

namespace ParScale.Training.Data.Parquet;

/// <summary>The entries of a column of a row group, one after the other; only one page is held.</summary>
internal sealed class ColumnReader
{
    private const int HeaderBytes = 1 << 10;
    private const int LongestHeader = 16 << 20;
    private const int LevelRuns = 3;

    private readonly FileRegion _file;
    private readonly ColumnChunk _chunk;
    private readonly ParquetField _field;
    private ReadOnlyMemory<byte>[]? _dictionary;
    private ReadOnlyMemory<byte>[] _values = [];
    private int[] _definitions = [];
    private int[] _repetitions = [];
    private long _place;
    private long _left;
    private int _entries;
    private int _entry = -1;
    private int _value;

    /// <exception cref="NotSupportedException">The column is encrypted or in another file.</exception>
    public ColumnReader(FileRegion file, ColumnChunk chunk, ParquetField field)
    {
        (_file, _chunk, _field, _place, _left) = (file, chunk, field, chunk.Start, chunk.Values);
        if (chunk.IsEncrypted) throw new NotSupportedException("encryption");
        if (chunk.IsElsewhere) throw new NotSupportedException("columns in other files");
        if (chunk.Type != field.Element.Type) throw new InvalidDataException("a row group has a column of another type than the schema");
        Advance();
    }

    /// <summary>Whether there is an entry; the rest tells about it.</summary>
    public bool HasEntry { get; private set; }

    public int Definition => _definitions.Length > 0 ? _definitions[_entry] : 0;

    public int Repetition => _repetitions.Length > 0 ? _repetitions[_entry] : 0;

    /// <summary>Whether it has a value: all on its way are there.</summary>
    public bool HasValue => Definition == _field.Definition;

    /// <summary>The bytes of that value.</summary>
    public ReadOnlyMemory<byte> Value => _values[_value];

    /// <summary>Goes to the next entry.</summary>
    /// <exception cref="InvalidDataException">A page is damaged.</exception>
    public void Advance()
    {
        if (HasEntry && HasValue) _value++;
        _entry++;
        while (_entry >= _entries && _left > 0) NextPage();
        HasEntry = _entry < _entries;
    }

    private void NextPage()
    {
        PageHeader header = ReadHeader();
        ReadOnlyMemory<byte> bytes = _file.Read(_place, header.Bytes);
        _place += header.Bytes;
        if (header.Checksum is { } expected && Crc32.HashToUInt32(bytes.Span) != expected) throw new InvalidDataException("a page does not match its checksum");
        switch (header.Kind)
        {
            case PageHeader.Dictionary when _field.Element.IsRead:
                ReadOnlyMemory<byte> page = PageCodec.Decompress(_chunk.Codec, bytes, header.PlainBytes);
                _dictionary = PageValues.Read(page, encoding: 0, header.Values, _field.Element, null);
                break;
            case PageHeader.Data:
                ReadFirst(header, PageCodec.Decompress(_chunk.Codec, bytes, header.PlainBytes));
                break;
            case PageHeader.DataV2:
                ReadSecond(header, bytes);
                break;
            case PageHeader.Dictionary or PageHeader.Index: break;
            default: throw new NotSupportedException($"pages of the kind {header.Kind}");
        }
    }

    private PageHeader ReadHeader()
    {
        for (int length = HeaderBytes; ; length *= 4)
        {
            int there = (int)Math.Min(length, _file.Length - _place);
            try
            {
                var thrift = new ThriftReader(_file.Read(_place, there));
                PageHeader header = PageHeader.Read(thrift);
                _place += thrift.Position;
                return header;
            }
            catch (InvalidDataException) when (there == length && length < LongestHeader)
            {
                // It may be longer: statistics hold texts.
            }
        }
    }

    private void ReadFirst(PageHeader header, ReadOnlyMemory<byte> page)
    {
        if (header.LevelEncoding != LevelRuns) throw new NotSupportedException("levels in the encoding BIT_PACKED");
        int[] repetitions = Prefixed(_field.Repetition);
        Take(header, repetitions, Prefixed(_field.Definition), page);

        // The length of the levels stands before them.
        int[] Prefixed(int most)
        {
            if (most == 0) return [];
            int length = BitConverter.ToInt32(page.Span[..4]);
            int[] levels = Levels(page.Slice(4, length), most, header.Values);
            page = page[(4 + length)..];
            return levels;
        }
    }

    private void ReadSecond(PageHeader header, ReadOnlyMemory<byte> page)
    {
        int[] repetitions = Levels(page[..header.RepetitionBytes], _field.Repetition, header.Values);
        int levels = header.RepetitionBytes + header.DefinitionBytes;
        int[] definitions = Levels(page[header.RepetitionBytes..levels], _field.Definition, header.Values);
        page = page[levels..];
        Take(header, repetitions, definitions, header.IsCompressed ? PageCodec.Decompress(_chunk.Codec, page, header.PlainBytes - levels) : page);
    }

    private void Take(PageHeader header, int[] repetitions, int[] definitions, ReadOnlyMemory<byte> values)
    {
        if (header.Values > _left) throw new InvalidDataException("the pages of a column hold more than its row group says");
        _left -= header.Values;
        (_entries, _entry, _value, _repetitions, _definitions) = (header.Values, 0, 0, repetitions, definitions);
        int present = definitions.Length == 0 ? header.Values : definitions.Count(level => level == _field.Definition);
        _values = _field.Element.IsRead ? PageValues.Read(values, header.Encoding, present, _field.Element, _dictionary) : new ReadOnlyMemory<byte>[present];
    }

    private static int[] Levels(ReadOnlyMemory<byte> bytes, int most, int count)
    {
        if (most == 0) return [];
        int[] levels = new int[count];
        BitPackedRuns.Read(bytes.Span, BitOperations.Log2((uint)most) + 1, levels);
        return levels.Any(level => (uint)level > (uint)most) ? throw new InvalidDataException("a level is out of range") : levels;
    }
}
