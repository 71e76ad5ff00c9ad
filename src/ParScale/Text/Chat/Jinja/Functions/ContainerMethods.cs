using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Functions;

/// <summary>The methods of dicts and lists that change nothing.</summary>
internal static class ContainerMethods
{
    private static readonly Dictionary<string, Builtin> Dict = Builtin.Table((Builtin[])
    [
        new("get", "key default", call => Entries(call).GetValueOrDefault(call.Run.RequireKey(call.Required(0))) ?? call[1] ?? NoneValue.Instance),
        new("keys", "", call => call.Run.List([.. Entries(call).Keys], ListKind.Keys)),
        new("values", "", call => call.Run.List([.. Entries(call).Values], ListKind.Values)),
        new("items", "", call => Pairs((DictValue)call.Self, call.Run, ListKind.Items)),
        new("copy", "", call => call.Self, isCheap: true),
    ]);

    private static readonly Dictionary<string, Builtin> List = Builtin.Table((Builtin[])
    [
        new("count", "value", call => IntValue.Data(((ListValue)call.Self).Items.Count(item => IsSought(call, item)))),
        new("index", "value", call => Array.FindIndex(((ListValue)call.Self).Items, item => IsSought(call, item)) is >= 0 and int index
            ? IntValue.Data(index) : throw call.Run.Fails("'index' does not find its value in the list")),
        new("copy", "", call => call.Self, isCheap: true),
    ]);

    public static Builtin? OfDict(string name) => Dict.GetValueOrDefault(name);

    public static Builtin? OfList(string name) => List.GetValueOrDefault(name);

    /// <summary>The entries of a dict as pairs.</summary>
    public static ListValue Pairs(DictValue dict, Run run, ListKind kind) =>
        run.List([.. dict.Entries.Select(entry => run.List([entry.Key, entry.Value], ListKind.Tuple))], kind);

    private static bool IsSought(Call call, Value item) => Comparison.Holds(item, "==", call.Required(0), call.Run);

    private static OrderedDictionary<Value, Value> Entries(Call call) => ((DictValue)call.Self).Entries;
}
