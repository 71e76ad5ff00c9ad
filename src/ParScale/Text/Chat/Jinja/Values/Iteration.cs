namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>What a loop over a value takes.</summary>
internal static class Iteration
{
    /// <summary>Elements, keys or characters; none of what is undefined.</summary>
    /// <exception cref="ParScaleException">The value has no elements.</exception>
    public static Value[] Items(Value value, Run run)
    {
        switch (value)
        {
            case ListValue list:
                return list.Items;
            case GeneratorValue generator:
                return generator.TakeAll();
            case UndefinedValue:
                return [];
            case DictValue dict:
                run.Charge(dict.Entries.Count);
                return [.. dict.Entries.Keys];
            case TextValue text:
                run.Charge(text.Text.Length);
                return [.. text.Characters()];
            default:
                throw run.Fails($"a value of type {value.TypeName} has no elements to go over");
        }
    }
}
