using System.Globalization;
using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Texts;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Filters;

/// <summary>The filters: all of Jinja's but <c>urlize</c>; <c>tojson</c> is that of Transformers.</summary>
internal static class FilterTable
{
    private static readonly Lazy<Dictionary<string, Builtin>> All = new(() =>
        Builtin.Table(TextFilters.All, NumberFilters.All, SequenceFilters.All, SelectionFilters.All, ValueFilters.All));

    public static Builtin? Find(string name) => All.Value.GetValueOrDefault(name);

    /// <summary>A filter that another one is given by name.</summary>
    public static Builtin Named(string name, Run run) =>
        Find(name) ?? throw run.Error("CT-02", $"has no filter named {ParScaleException.Quote(name)}");

    /// <summary>The key by which texts are compared: in lower case unless case counts.</summary>
    public static Value SortKey(Value value, bool caseSensitive, Run run) =>
        value is TextValue text && !caseSensitive ? new TextValue(CaseMapping.Lower(text.Tagged, run)) : value;

    /// <summary>What an attribute such as <c>a.b.0</c> takes from a value; the value itself without one.</summary>
    public static Value Attribute(Value value, Value? attribute, Value? otherwise, Run run)
    {
        if (attribute is null or NoneValue) return value;
        string[] path = Printer.Str(attribute, run).Text.Split('.');
        foreach (string part in path)
        {
            bool isIndex = part.Length is > 0 and < 10 && part.All(char.IsAsciiDigit);
            Value key = isIndex ? IntValue.Data(int.Parse(part, CultureInfo.InvariantCulture)) : TextValue.Data(part);
            value = Members.Item(value, key, run);
            if (value is UndefinedValue && otherwise is not null) value = otherwise;
        }
        return value;
    }
}
