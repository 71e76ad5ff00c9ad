using ParScale.Text.Chat.Jinja.Functions;
using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Filters;

/// <summary>Filters that apply a filter or a test to every element.</summary>
internal static class SelectionFilters
{
    public static readonly Builtin[] All =
    [
        new("map", "* **", Map),
        new("select", "* **", call => Select(call, byAttribute: false, wanted: true)),
        new("reject", "* **", call => Select(call, byAttribute: false, wanted: false)),
        new("selectattr", "* **", call => Select(call, byAttribute: true, wanted: true)),
        new("rejectattr", "* **", call => Select(call, byAttribute: true, wanted: false)),
    ];

    // As in Jinja, what counts as false has no elements here, whatever its type.
    private static Value[] Items(Call call) => call.Self.IsTruthy ? call.Items() : [];

    private static GeneratorValue Map(Call call)
    {
        Run run = call.Run;
        Value? attribute = call.Named.FirstOrDefault(argument => argument.Key == "attribute").Value;
        if (call.Rest.Length == 0 && attribute is not null)
        {
            Value? otherwise = call.Named.FirstOrDefault(argument => argument.Key == "default").Value;
            return run.Generator(Items(call).Select(item => FilterTable.Attribute(item, attribute, otherwise, run)));
        }
        if (call.Rest is not [TextValue name, .. var rest]) throw run.Fails("'map' needs the name of a filter, or an attribute");
        Builtin filter = FilterTable.Named(name.Text, run);
        var arguments = new Arguments(rest, call.Named);
        return run.Generator(Items(call).Select(item => filter.Invoke(run, item, arguments)));
    }

    private static GeneratorValue Select(Call call, bool byAttribute, bool wanted)
    {
        Run run = call.Run;
        Value? attribute = byAttribute ? call.Rest is [var first, ..] ? first : throw run.Fails($"'{call.Function.Name}' needs an attribute") : null;
        Value[] rest = byAttribute ? call.Rest[1..] : call.Rest;
        Builtin? test = rest is [var name, ..] ? TestTable.Named(Printer.Str(name, run).Text, run) : null;
        var arguments = new Arguments(rest is [_, .. var others] ? others : [], call.Named);
        return run.Generator(Items(call).Where(item =>
        {
            run.Step();
            Value value = FilterTable.Attribute(item, attribute, null, run);
            return (test?.Invoke(run, value, arguments) ?? value).IsTruthy == wanted;
        }));
    }
}
