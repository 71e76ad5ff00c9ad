namespace ParScale.Text.Chat.Jinja.Values;

/// <summary>
/// A value of a template: what Python has, in a closed set of types. Nothing here leads to a member of the runtime: what a name after a
/// dot means is decided by <see cref="Members"/> alone.
/// </summary>
internal abstract class Value
{
    /// <summary>What Python calls the type.</summary>
    public abstract string TypeName { get; }

    /// <summary>How it prints, for values that have no form of their own.</summary>
    public virtual string Shown => $"<{TypeName}>";

    /// <summary>Whether it counts as true.</summary>
    public virtual bool IsTruthy => true;

    /// <summary>Levels of containers within it.</summary>
    public virtual int Depth => 0;

    /// <summary>What walking over all of it costs, in steps. A part that is held twice counts twice.</summary>
    public virtual long Size => 1;

    /// <summary>What walking over its elements costs, in steps, without what they hold.</summary>
    public virtual long Breadth => 1;
}

/// <summary>Python's None.</summary>
internal sealed class NoneValue : Value
{
    private NoneValue()
    {
    }

    public static NoneValue Instance { get; } = new();

    public override string TypeName => "NoneType";

    public override bool IsTruthy => false;
}

/// <summary>True or False.</summary>
internal sealed class BoolValue : Value
{
    private BoolValue(bool isTrue) => IsTrue = isTrue;

    public static BoolValue True { get; } = new(true);

    public static BoolValue False { get; } = new(false);

    public bool IsTrue { get; }

    public override string TypeName => "bool";

    public override bool IsTruthy => IsTrue;

    public static BoolValue Of(bool value) => value ? True : False;
}

/// <summary>
/// A name or element that does not exist. It prints as nothing, is false and holds no elements; every other use is an error that says
/// <paramref name="reason"/>.
/// </summary>
internal sealed class UndefinedValue(string reason) : Value
{
    public string Reason => reason;

    public override string TypeName => "Undefined";

    public override bool IsTruthy => false;

    public static UndefinedValue Name(string name) => new($"'{name}' is undefined");
}

/// <summary>What <c>namespace()</c> makes: the one kind of value that a template may change.</summary>
internal sealed class NamespaceValue : Value
{
    public Dictionary<string, Value> Fields { get; } = new(StringComparer.Ordinal);

    public override string TypeName => "Namespace";
}
