using System.Diagnostics;
using System.Runtime.CompilerServices;
using ParScale.Text.Chat.Jinja.Texts;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja;

/// <summary>One rendering of a template: its output so far, where it stands, and how much of its budget is left.</summary>
internal sealed class Run
{
    private const long LargestContainer = 1_000_000;
    private const int StepsPerLook = 1024;
    private const int StepsPerStackCheck = 16;

    private readonly string _file;
    private readonly ChatTemplateBudget _budget;
    private readonly CancellationToken _cancellation;
    private readonly long _deadline;
    private long _steps;
    private long _nextLook = StepsPerLook;
    private int _depth;

    public Run(string file, ChatTemplateBudget budget, DateTimeOffset now, CancellationToken cancellation)
    {
        (_file, _budget, _cancellation, Now) = (file, budget, cancellation, now);
        _deadline = Stopwatch.GetTimestamp() + (long)(budget.Time.TotalSeconds * Stopwatch.Frequency);
        Output = new TaggedTextBuilder(this);
    }

    /// <summary>What <c>strftime_now</c> takes for now.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The line of the template that runs.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Where output goes: the whole text, or what a macro or block makes.</summary>
    public TaggedTextBuilder Output { get; private set; }

    /// <summary>Whether a generation block runs.</summary>
    public bool IsGenerating { get; set; }

    /// <summary>Whether <c>autoescape</c> is on: then values that are no HTML are escaped where they are written.</summary>
    public bool IsEscaping { get; set; }

    /// <summary>Counts the evaluation of a node.</summary>
    public void Step()
    {
        if ((++_steps & (StepsPerStackCheck - 1)) == 0 && !RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw TooDeep();
        if (_steps >= _nextLook) Look();
    }

    /// <summary>Counts work that is not a node's.</summary>
    public void Charge(long steps)
    {
        _steps += steps;
        if (_steps >= _nextLook) Look();
    }

    /// <summary>Refuses a text that would be too long.</summary>
    public void RequireCharacters(long count)
    {
        if (count > _budget.Characters) throw OverBudget("CT-04", $"makes a text of more than {_budget.Characters} characters");
    }

    /// <summary>Refuses what is undefined.</summary>
    public void RequireDefined(Value value)
    {
        if (value is UndefinedValue undefined) throw Fails(undefined.Reason);
    }

    /// <summary>A sequence, paid for.</summary>
    public ListValue List(Value[] items, ListKind kind = ListKind.List) => Paid(new ListValue(items, kind));

    /// <summary>A range of numbers, paid for.</summary>
    public ListValue Range(Value[] items, NumberRange range) => Paid(new ListValue(items, ListKind.Range) { Range = range });

    /// <summary>Elements that can be gone over once, paid for.</summary>
    public GeneratorValue Generator(IEnumerable<Value> items) => new(List([.. items]));

    /// <summary>A dict, paid for.</summary>
    public DictValue Dict(IEnumerable<KeyValuePair<Value, Value>> entries)
    {
        var kept = new OrderedDictionary<Value, Value>(ValueComparer.Instance);
        foreach ((Value key, Value value) in entries)
        {
            Charge(2 + key.Size);
            kept[RequireKey(key)] = value;
        }
        var dict = new DictValue(kept);
        RequireModest(dict);
        return dict;
    }

    /// <summary>Refuses what Python cannot hash.</summary>
    public Value RequireKey(Value key)
    {
        RequireDefined(key);
        bool isKey = key is ListValue { Kind: ListKind.Tuple } tuple ? tuple.Items.All(item => RequireKey(item) is not null)
            : key is not (ListValue or DictValue or NamespaceValue);
        return isKey ? key : throw Fails($"a value of type {key.TypeName} cannot be a key");
    }

    /// <summary>What a call writes, as a text. Calls may be nested as deeply as the budget says.</summary>
    public TaggedText Capture(Action write)
    {
        Charge(8);
        TaggedTextBuilder outer = Output;
        if (++_depth > _budget.Depth) throw TooDeep();
        Output = new TaggedTextBuilder(this);
        try
        {
            write();
            return Output.ToText();
        }
        finally
        {
            _depth--;
            Output = outer;
        }
    }

    /// <summary>Writes a value.</summary>
    public void Write(Value value) => Output.Append(IsEscaping ? Markup.Of(value, this) : Printer.Str(value, this), IsGenerating);

    /// <summary>An error of the template at the line that runs.</summary>
    public ParScaleException Error(string code, string detail) => ParScaleException.BadInput(code, _file, $"line {Line}: {detail}");

    /// <summary>The error of an operation that its operands do not allow. The detail may hold text from outside.</summary>
    public ParScaleException Fails(string detail) => Error("CT-15", $"fails: {ParScaleException.Escape(detail)}");

    /// <summary>The error of a template that would take too much. An id of the guide says what of.</summary>
    public ParScaleException OverBudget(string code, string detail) => Error(code, detail + "; the template is broken or hostile");

    private ListValue Paid(ListValue list)
    {
        RequireModest(list);
        Charge(list.Items.Length);
        return list;
    }

    private ParScaleException TooDeep() => OverBudget("CT-05", $"calls or nests more than {_budget.Depth} levels deep");

    private void RequireModest(Value container)
    {
        if (container.Depth > _budget.Depth) throw TooDeep();
        if (container.Size > LargestContainer) throw OverBudget("CT-04", $"makes a list or dict of more than {LargestContainer} elements");
    }

    private void Look()
    {
        _nextLook = _steps + StepsPerLook;
        _cancellation.ThrowIfCancellationRequested();
        if (_steps > _budget.Steps) throw OverBudget("CT-03", $"takes more than {_budget.Steps} steps");
        if (Stopwatch.GetTimestamp() > _deadline) throw Error("CT-19", FormattableString.Invariant($"takes longer than {_budget.Time.TotalSeconds:0.###} s"));
    }
}
