namespace ParScale.Training.Data.Parquet;

/// <summary>
/// A field of the schema with those below it. An entry of a column has a definition level, the number of optional and repeated fields
/// on the way to it that are there, and a repetition level, the number of the list in which it goes on (0: a new row).
/// </summary>
internal sealed class ParquetField
{
    private ParquetField(SchemaElement element, ParquetField? parent)
    {
        Element = element;
        IsOptional = parent is not null && element.Repetition == 1;
        IsRepeated = parent is not null && element.Repetition == 2;
        Definition = (parent?.Definition ?? 0) + (IsOptional || IsRepeated ? 1 : 0);
        Repetition = (parent?.Repetition ?? 0) + (IsRepeated ? 1 : 0);
    }

    public SchemaElement Element { get; }
    public bool IsOptional { get; }
    public bool IsRepeated { get; }

    /// <summary>The definition level from which on the field is there.</summary>
    public int Definition { get; }

    /// <summary>The repetition level of the innermost list that the field is in, or is.</summary>
    public int Repetition { get; }

    /// <summary>The columns below it, or itself.</summary>
    public List<ParquetField> Leaves { get; } = [];

    public List<ParquetField> Children { get; } = [];

    /// <summary>The number of the column, for a field without others below it.</summary>
    public int Column { get; private set; } = -1;

    public string Name => Element.Name;

    public bool IsLeaf => Column >= 0;

    /// <summary>The repeated field of a list, which is the element or holds it (<see cref="HoldsElement"/>); null for what is no list.</summary>
    public ParquetField? RepeatedOfList => Element.IsList && Children is [{ IsRepeated: true } only] ? only : null;

    /// <summary>Whether this repeated field of <paramref name="list"/> only wraps the element, by the format's rules for older writers.</summary>
    public bool HoldsElement(ParquetField list) =>
        !IsLeaf && Children is [{ IsRepeated: false }] && Name != "array" && Name != list.Name + "_tuple";

    /// <exception cref="InvalidDataException">The elements do not make a tree, or it is far too deep or wide.</exception>
    public static ParquetField Build(IReadOnlyList<SchemaElement> elements)
    {
        if (elements.Count < 2) throw new InvalidDataException("it has no columns");
        (int next, int columns) = (0, 0);
        ParquetField root = Take(null, 0);
        return next == elements.Count ? root : throw new InvalidDataException("its schema is not a tree");

        ParquetField Take(ParquetField? parent, int depth)
        {
            if (next >= elements.Count || depth > 64) throw new InvalidDataException("its schema is not a tree");
            var field = new ParquetField(elements[next++], parent);
            for (int left = field.Element.Children; left > 0; left--) field.Children.Add(Take(field, depth + 1));
            if (field.Children.Count > 0) field.Leaves.AddRange(field.Children.SelectMany(child => child.Leaves));
            else if (field.Element.Type is not null)
            {
                field.Column = columns++;
                field.Leaves.Add(field);
            }
            return field;
        }
    }
}

/// <summary>A line of the schema as the file has it. <see cref="Type"/> is null for a field that others stand below.</summary>
internal sealed record SchemaElement(string Name, int? Type, int Repetition, int Children, bool IsList, bool IsNumberInBytes, bool IsNull)
{
    /// <summary>Whether its values are texts: bytes that no annotation makes a number.</summary>
    public bool IsText => Type == ParquetType.Bytes && !IsNumberInBytes;

    /// <summary>Whether it may hold a text or what stands below it: it is no number, and not the column of a table whose cells are all null.</summary>
    public bool MayHoldText => (Type is null || IsText) && !IsNull;

    /// <summary>Whether its values are read; of the others only whether they are there.</summary>
    public bool IsRead => Type is not (ParquetType.Int96 or ParquetType.FixedBytes) && !IsNumberInBytes && !IsNull;

    public static SchemaElement Read(ThriftReader thrift)
    {
        (string? name, int? type, int repetition, int children, bool list, bool number, bool none) = (null, null, 0, 0, false, false, false);
        thrift.Struct(id =>
        {
            switch (id)
            {
                case 1: type = thrift.Int32(); return true;
                case 3: repetition = thrift.Int32(); return true;
                case 4: name = thrift.Text(); return true;
                case 5: children = thrift.Int32(); return true;
                case 6:
                    int converted = thrift.Int32();
                    list |= converted == 3;
                    number |= converted is 5 or 20;
                    return true;
                case 10:
                    // A union: the field that is set tells the type. 3 is a list, 5 a decimal number, 11 nothing, 13 BSON.
                    thrift.Struct(kind =>
                    {
                        list |= kind == 3;
                        number |= kind is 5 or 13;
                        none |= kind == 11;
                        return false;
                    });
                    return true;
                default: return false;
            }
        });
        if (name is null || children < 0) throw new InvalidDataException("a column of the schema has no name");
        return new SchemaElement(name, children > 0 ? null : type, repetition, children, list, number, none);
    }
}

/// <summary>The numbers that stand for the physical types.</summary>
internal static class ParquetType
{
    public const int Boolean = 0, Int32 = 1, Int64 = 2, Int96 = 3, Float = 4, Double = 5, Bytes = 6, FixedBytes = 7;

    public static string Name(int type) => type switch
    {
        Boolean => "true or false",
        Int32 or Int64 => "whole numbers",
        Float or Double => "numbers",
        Int96 => "times (INT96)",
        _ => "bytes of another kind than text",
    };
}
