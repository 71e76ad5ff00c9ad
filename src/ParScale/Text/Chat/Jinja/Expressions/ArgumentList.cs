using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Expressions;

/// <summary>What stands in the parentheses of a call.</summary>
/// <param name="Positional">Arguments without a name.</param>
/// <param name="Named">Arguments with one.</param>
/// <param name="Spread">A sequence of further ones, behind <c>*</c>.</param>
/// <param name="SpreadNamed">A dict of further named ones, behind <c>**</c>.</param>
internal sealed record ArgumentList(Expression[] Positional, KeyValuePair<string, Expression>[] Named, Expression? Spread, Expression? SpreadNamed)
{
    public static ArgumentList None { get; } = new([], [], null, null);

    public int Height
    {
        get
        {
            int height = Math.Max(Spread?.Height ?? 0, SpreadNamed?.Height ?? 0);
            foreach (Expression argument in Positional) height = Math.Max(height, argument.Height);
            foreach ((_, Expression argument) in Named) height = Math.Max(height, argument.Height);
            return height;
        }
    }

    public Arguments Evaluate(Scope scope)
    {
        if (Positional.Length == 0 && Named.Length == 0 && Spread is null && SpreadNamed is null) return Arguments.None;
        List<Value> values = [.. Positional.Select(argument => argument.Evaluate(scope))];
        if (Spread is not null) values.AddRange(Iteration.Items(Spread.Evaluate(scope), scope.Run));
        List<KeyValuePair<string, Value>> named = [.. Named.Select(argument => new KeyValuePair<string, Value>(argument.Key, argument.Value.Evaluate(scope)))];
        if (SpreadNamed is not null) named.AddRange(Spreading(SpreadNamed.Evaluate(scope), scope.Run));
        if (named.DistinctBy(argument => argument.Key).Count() != named.Count) throw scope.Run.Fails("a call has two arguments of one name");
        return new Arguments([.. values], named);
    }

    private static IEnumerable<KeyValuePair<string, Value>> Spreading(Value value, Run run)
    {
        if (value is not DictValue dict) throw run.Fails($"behind ** stands a value of type {value.TypeName}; it must be a dict");
        run.Charge(dict.Entries.Count);
        return dict.Entries.Select(entry => new KeyValuePair<string, Value>(
            entry.Key is TextValue name ? name.Text : throw run.Fails("behind ** stands a dict with a key that is no text"), entry.Value));
    }
}
