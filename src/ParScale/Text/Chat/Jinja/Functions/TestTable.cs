using ParScale.Text.Chat.Jinja.Filters;
using ParScale.Text.Chat.Jinja.Texts;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Functions;

/// <summary>The tests: all of Jinja's.</summary>
internal static class TestTable
{
    private static readonly Lazy<Dictionary<string, Builtin>> All = new(() => Builtin.Table(
        [
            Test("defined", value => value is not UndefinedValue),
            Test("undefined", value => value is UndefinedValue),
            Test("none", value => value is NoneValue),
            Test("boolean", value => value is BoolValue),
            Test("true", value => value == BoolValue.True),
            Test("false", value => value == BoolValue.False),
            Test("integer", value => value is IntValue),
            Test("float", value => value is FloatValue),
            Test("number", value => value is IntValue or FloatValue or BoolValue),
            Test("string", value => value is TextValue),
            Test("mapping", value => value is DictValue),
            Test("iterable", value => value is TextValue or ListValue or DictValue or GeneratorValue or UndefinedValue),
            Test("sequence", value => value is TextValue or DictValue or UndefinedValue
                or ListValue { Kind: ListKind.List or ListKind.Tuple or ListKind.Range }),
            Test("callable", value => value is CallableValue),
            Test("escaped", value => value is TextValue { IsMarkup: true }),
            Test("lower", value => value is TextValue text && TextQuestions.IsCased(text.Text, TextQuestions.IsLower, TextQuestions.IsUpper)),
            Test("upper", value => value is TextValue text && TextQuestions.IsCased(text.Text, TextQuestions.IsUpper, TextQuestions.IsLower)),
            Test("filter", value => value is TextValue name && FilterTable.Find(name.Text) is not null),
            Test("test", value => value is TextValue name && Find(name.Text) is not null),
            new("even", "", call => BoolValue.Of(Rest(call, IntValue.Data(2)) == 0)),
            new("odd", "", call => BoolValue.Of(Rest(call, IntValue.Data(2)) == 1)),
            new("divisibleby", "num", call => BoolValue.Of(Rest(call, call.Required(0)) == 0)),
            new("sameas", "other", call => BoolValue.Of(ReferenceEquals(call.Self, call.Required(0)) || IsSameAtom(call.Self, call.Required(0)))),
        ],
        Comparisons("==", "eq", "equalto", "=="), Comparisons("!=", "ne", "!="), Comparisons("<", "lt", "lessthan", "<"), Comparisons("<=", "le", "<="),
        Comparisons(">", "gt", "greaterthan", ">"), Comparisons(">=", "ge", ">="), Comparisons("in", "in")));

    public static Builtin? Find(string name) => All.Value.GetValueOrDefault(name);

    /// <summary>A test that a filter is given by name.</summary>
    public static Builtin Named(string name, Run run) => Find(name) ?? throw run.Error("CT-02", $"has no test named {ParScaleException.Quote(name)}");

    private static Builtin Test(string name, Func<Value, bool> holds) => new(name, "", call => BoolValue.Of(holds(call.Self)), isCheap: true);

    private static Builtin[] Comparisons(string operation, params string[] names) =>
        [.. names.Select(name => new Builtin(name, "other", call => BoolValue.Of(Comparison.Holds(call.Self, operation, call.Required(0), call.Run))))];

    private static double? Rest(Call call, Value divisor) => ValueComparer.Real(Arithmetic.Apply(call.Self, "%", divisor, call.Run));

    // Python keeps one copy of these, or may.
    private static bool IsSameAtom(Value left, Value right) => (left, right) switch
    {
        (TextValue, TextValue) or (IntValue, IntValue) => ValueComparer.Instance.Equals(left, right),
        _ => false,
    };
}
