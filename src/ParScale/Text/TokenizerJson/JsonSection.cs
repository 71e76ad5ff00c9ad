using System.Text.Json;

namespace ParScale.Text.TokenizerJson;

/// <summary>A value in a tokenizer file together with its place there, so that each refusal names both.</summary>
internal readonly struct JsonSection
{
    private readonly string _file;
    private readonly string _parent;
    private readonly int _index;

    /// <summary>Takes the value found at <paramref name="path"/>, a dotted path that is empty for the root.</summary>
    public JsonSection(string file, string path, JsonElement value, Faults faults)
        : this(file, path, index: -1, value, faults)
    {
    }

    // Entries' paths are put together only when an error names one: there are hundreds of thousands of entries.
    private JsonSection(string file, string parent, int index, JsonElement value, Faults faults)
    {
        Faults = faults;
        _file = file;
        _parent = parent;
        _index = index;
        Value = value;
    }

    /// <summary>What is done with faults. Readers throw; those of lists go on with the next entry where faults are kept.</summary>
    public Faults Faults { get; }

    /// <summary>The JSON value; <see cref="JsonValueKind.Undefined"/> when the file lacks it.</summary>
    public JsonElement Value { get; }

    /// <summary>Whether the file lacks it or says null.</summary>
    public bool IsAbsent => Value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>The member called <paramref name="name"/>, absent or not; refuses when this is no object.</summary>
    public JsonSection this[string name]
    {
        get
        {
            if (Value.ValueKind != JsonValueKind.Object) throw Error("TK-02", "must be an object");
            return new JsonSection(_file, PathOf(name), Value.TryGetProperty(name, out JsonElement member) ? member : default, Faults);
        }
    }

    /// <summary>The entry at <paramref name="index"/> of the array that this is.</summary>
    public JsonSection Entry(int index, JsonElement value) => new(_file, Path, index, value, Faults);

    /// <summary>The same place and value; faults go elsewhere.</summary>
    public JsonSection With(Faults faults) => new(_file, _parent, _index, Value, faults);

    /// <summary>Another value that an error is to place here.</summary>
    public JsonSection WithValue(JsonElement value) => new(_file, _parent, _index, value, Faults);

    /// <summary>Refuses members other than those named, since what they ask for would not be done.</summary>
    public void AllowOnly(params ReadOnlySpan<string> names)
    {
        if (Value.ValueKind != JsonValueKind.Object) throw Error("TK-02", "must be an object");
        foreach (JsonProperty member in Value.EnumerateObject())
        {
            string name = NameOf(member);
            if (!names.Contains(name))
                Faults.Add(Error("TK-02", $"has the unknown key {ParScaleException.Quote(name)}, which is not supported"));
        }
    }

    /// <summary>The value as text; <paramref name="absent"/> when the file lacks it.</summary>
    public string Text(string absent, string code = "TK-02")
    {
        if (IsAbsent) return absent;
        if (Value.ValueKind != JsonValueKind.String) throw Error(code, "must be a string");
        try
        {
            return Value.GetString() ?? absent;
        }
        catch (InvalidOperationException e)
        {
            throw Error("TK-01", "is not valid Unicode text; fetch the file again", e);
        }
    }

    /// <summary>The value as true or false; <paramref name="absent"/> when the file lacks it.</summary>
    public bool Flag(bool absent, string code = "TK-02") => Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => absent,
        _ => throw Error(code, "must be true or false"),
    };

    /// <summary>The value as a list; refuses what is none.</summary>
    public IReadOnlyList<JsonSection> Items(string code = "TK-02")
    {
        if (Value.ValueKind != JsonValueKind.Array) throw Error(code, "must be an array");
        var items = new List<JsonSection>(Value.GetArrayLength());
        foreach (JsonElement item in Value.EnumerateArray()) items.Add(Entry(items.Count, item));
        return items;
    }

    /// <summary>What its entries are read as, one after the other; those that are refused are left out where faults are kept.</summary>
    public IReadOnlyList<T> ReadItems<T>(Func<JsonSection, IEnumerable<T>> read)
    {
        var found = new List<T>();
        foreach (JsonSection item in Items()) found.AddRange(Faults.Try<IEnumerable<T>>(() => read(item).ToArray(), []));
        return found;
    }

    /// <summary>The text under <c>type</c>, by which parts of the file say what they are.</summary>
    public string Type => this["type"].Text("");

    /// <summary>A refusal of a part whose <see cref="Type"/> is not known.</summary>
    public ParScaleException UnknownType() =>
        Error("TK-02", $"is of type {ParScaleException.Quote(Type)}{UnsupportedPart.Users(Type)}, which is not supported here");

    /// <summary>A member's name.</summary>
    public string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException e)
        {
            throw Error("TK-01", "has a key that is not valid Unicode text; fetch the file again", e);
        }
    }

    /// <summary>A refusal that names the file and this place.</summary>
    public ParScaleException Error(string code, string detail, Exception? inner = null) =>
        ParScaleException.BadInput(code, _file, Path.Length == 0 ? detail : $"{Path}: {detail}", inner);

    private string Path => _index < 0 ? _parent : $"{_parent}[{_index}]";

    private string PathOf(string name) => Path.Length == 0 ? name : $"{Path}.{name}";
}
