namespace ParScale;

/// <summary>
/// What is wrong with the files of a model. Loading stops at the first fault; a report keeps them all, and reads on with what can still be
/// read.
/// </summary>
internal sealed class Faults
{
    // A hostile file may have a million faults, and a search for the nearest name belongs to each.
    private const int MostKinds = 100;

    private readonly List<Fault>? _kept;
    private readonly Dictionary<string, int> _kinds = new(StringComparer.Ordinal);

    private Faults(List<Fault>? kept) => _kept = kept;

    /// <summary>Throws the first one.</summary>
    public static Faults Thrown { get; } = new(null);

    /// <summary>Keeps all of them.</summary>
    public static Faults Kept() => new([]);

    /// <summary>Those that were kept, in the order in which they were found.</summary>
    public IReadOnlyList<Fault> All => _kept ?? [];

    /// <summary>How many kinds of faults were left out because too many were kept before them.</summary>
    public int LeftOut { get; private set; }

    /// <summary>How many were kept; 0 where they are thrown.</summary>
    public int Count => All.Count + LeftOut;

    /// <summary>Adds one; throws it unless they are kept.</summary>
    public void Add(ParScaleException fault)
    {
        if (_kept is null) throw fault;
        // A key may be looked at for each layer.
        if (_kept.Exists(kept => kept.Error.Message == fault.Message)) return;
        if (_kept.Count < MostKinds) _kept.Add(new Fault(fault, 0));
        else LeftOut++;
    }

    /// <summary>Adds one of many that differ in a number: of each <paramref name="kind"/> the first is kept and the others are counted.</summary>
    public void AddOneOf(string kind, Func<ParScaleException> create)
    {
        if (_kept is null) throw create();
        if (_kinds.TryGetValue(kind, out int at)) _kept[at] = _kept[at] with { Others = _kept[at].Others + 1 };
        else if (_kept.Count >= MostKinds) LeftOut++;
        else
        {
            _kinds.Add(kind, _kept.Count);
            _kept.Add(new Fault(create(), 0));
        }
    }

    /// <summary>Adds one and gives what is used in place of the value that is wrong.</summary>
    public T Refuse<T>(ParScaleException fault, T instead)
    {
        Add(fault);
        return instead;
    }

    /// <summary>Reads a part; where that fails, keeps the fault and gives what is used in place of the part.</summary>
    public T Try<T>(Func<T> read, T instead)
    {
        if (_kept is null) return read();
        try
        {
            return read();
        }
        catch (ParScaleException fault)
        {
            return Refuse(fault, instead);
        }
    }

    /// <summary>The same for a check.</summary>
    public void Try(Action check) => Try(() =>
    {
        check();
        return true;
    }, false);
}

/// <summary>A fault that was kept.</summary>
/// <param name="Error">The fault.</param>
/// <param name="Others">How many more like it there are.</param>
internal sealed record Fault(ParScaleException Error, int Others)
{
    /// <summary>One line.</summary>
    public string Message => Others == 0 ? Error.Message : FormattableString.Invariant($"{Error.Message} ({Others} more like it)");
}
