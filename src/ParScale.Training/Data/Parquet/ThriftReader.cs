namespace ParScale.Training.Data.Parquet;

/// <summary>Reads Thrift's compact protocol, in which Parquet writes its footer and the headers of its pages.</summary>
internal sealed class ThriftReader(ReadOnlyMemory<byte> bytes)
{
    private const int Deepest = 32;

    private int _type = Type.Struct;

    /// <summary>The number of bytes read.</summary>
    public int Position { get; private set; }

    /// <summary>Reads a struct. <paramref name="field"/> gets each field's id, and reads its value or returns false to pass it over.</summary>
    /// <exception cref="InvalidDataException">The bytes are not Thrift, or end too early.</exception>
    public void Struct(Func<int, bool> field)
    {
        Require(_type == Type.Struct);
        for (int id = 0, head; (head = Byte()) != 0;)
        {
            id = head >> 4 == 0 ? (int)Zigzag() : id + (head >> 4);
            int type = _type = head & 15;
            if (!field(id)) Skip(type, 0);
        }
    }

    /// <summary>Reads a list of structs or other values, <paramref name="element"/> one of them.</summary>
    public List<T> List<T>(Func<T> element)
    {
        Require(_type is Type.List or Type.Set);
        (int count, int type) = ListHead();
        // An element takes a byte at least.
        Require(count >= 0 && count <= bytes.Length - Position);
        var list = new List<T>(Math.Min(count, 1024));
        for (; count > 0; count--)
        {
            _type = type;
            list.Add(element());
        }
        return list;
    }

    public long Integer()
    {
        Require(_type is Type.I16 or Type.I32 or Type.I64);
        return Zigzag();
    }

    public int Int32() => Integer() is >= int.MinValue and <= int.MaxValue and var value ? (int)value : throw new InvalidDataException("a number is out of range");

    public bool Flag()
    {
        Require(_type is Type.True or Type.False);
        return _type == Type.True;
    }

    public string Text()
    {
        Require(_type == Type.Binary);
        return System.Text.Encoding.UTF8.GetString(Take(Length()));
    }

    private void Skip(int type, int depth)
    {
        Require(depth < Deepest);
        switch (type)
        {
            case Type.True or Type.False: break;
            case Type.I8: Take(1); break;
            case Type.I16 or Type.I32 or Type.I64: Varint(); break;
            case Type.Double: Take(8); break;
            case Type.Binary: Take(Length()); break;
            case Type.List or Type.Set:
                (int count, int element) = ListHead();
                for (; count > 0; count--) SkipElement(element, depth);
                break;
            case Type.Map:
                count = Length();
                int types = count > 0 ? Byte() : 0;
                for (; count > 0; count--)
                {
                    SkipElement(types >> 4, depth);
                    SkipElement(types & 15, depth);
                }
                break;
            case Type.Struct:
                for (int head; (head = Byte()) != 0;)
                {
                    if (head >> 4 == 0) Varint();
                    Skip(head & 15, depth + 1);
                }
                break;
            default: throw new InvalidDataException("its metadata are not Thrift");
        }
    }

    // Booleans stand in the type of a field, but take a byte as an element.
    private void SkipElement(int type, int depth)
    {
        if (type is Type.True or Type.False) Take(1);
        else Skip(type, depth + 1);
    }

    private (int Count, int Type) ListHead()
    {
        int head = Byte();
        return (head >> 4 == 15 ? Length() : head >> 4, head & 15);
    }

    private int Length()
    {
        ulong length = Varint();
        Require(length <= (ulong)(bytes.Length - Position));
        return (int)length;
    }

    private long Zigzag()
    {
        ulong value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            int next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
        throw new InvalidDataException("its metadata are not Thrift");
    }

    private int Byte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        Require(count <= bytes.Length - Position);
        Position += count;
        return bytes.Span.Slice(Position - count, count);
    }

    private void Require(bool holds)
    {
        if (!holds) throw new InvalidDataException(Position >= bytes.Length ? "its metadata end too early" : "its metadata are not those of a table");
    }

    private static class Type
    {
        public const int True = 1, False = 2, I8 = 3, I16 = 4, I32 = 5, I64 = 6, Double = 7, Binary = 8, List = 9, Set = 10, Map = 11, Struct = 12;
    }
}
