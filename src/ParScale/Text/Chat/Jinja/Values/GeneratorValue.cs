namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>
/// What Python makes a generator: it can be gone over once, has no length and no index, and counts as true. Make one with
/// <see cref="Run.Generator"/>, which counts its cost.
/// </summary>
internal sealed class GeneratorValue(ListValue items) : Value
{
    private int _at;

    public override string TypeName => "generator";

    public override int Depth => items.Depth;

    public override long Size => items.Size;

    public override long Breadth => items.Breadth;

    /// <summary>The elements that are left.</summary>
    public Value[] TakeAll()
    {
        Value[] rest = items.Items[_at..];
        _at = items.Items.Length;
        return rest;
    }

    /// <summary>The next element; null when none is left.</summary>
    public Value? TakeOne() => _at < items.Items.Length ? items.Items[_at++] : null;
}
