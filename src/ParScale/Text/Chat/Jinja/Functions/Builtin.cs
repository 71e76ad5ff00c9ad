using ParScale.Text.Chat.Jinja.Values;

namespace ParScale.Text.Chat.Jinja.Functions;

/// <summary>A filter, test, method or function that this program has.</summary>
internal sealed class Builtin
{
    private const int CallSteps = 10;

    private readonly string[] _parameters;
    private readonly bool _takesRest;
    private readonly bool _takesNamed;
    private readonly Func<Call, Value> _body;
    private readonly bool _isCheap;

    /// <param name="name">What templates call it.</param>
    /// <param name="parameters">The names of its parameters, in order; <c>*</c> takes further arguments, <c>**</c> further named ones.</param>
    /// <param name="body">What it does. It counts what it does beyond walking once over what it is given and over what it makes.</param>
    /// <param name="isCheap">Whether it does not even that.</param>
    public Builtin(string name, string parameters, Func<Call, Value> body, bool isCheap = false)
    {
        Name = name;
        string[] all = parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _parameters = [.. all.Where(parameter => parameter[0] != '*')];
        _takesRest = all.Contains("*");
        _takesNamed = all.Contains("**");
        _body = body;
        _isCheap = isCheap;
    }

    public string Name { get; }

    /// <summary>A table of functions by name.</summary>
    public static Dictionary<string, Builtin> Table(params ReadOnlySpan<Builtin[]> groups)
    {
        var table = new Dictionary<string, Builtin>(StringComparer.Ordinal);
        foreach (Builtin[] group in groups)
            foreach (Builtin function in group) table.Add(function.Name, function);
        return table;
    }

    /// <summary>Calls it. What it walks over and what it makes count towards the budget.</summary>
    /// <exception cref="ParScaleException">The arguments are wrong, or it fails.</exception>
    public Value Invoke(Run run, Value self, Arguments arguments)
    {
        var values = new Value?[_parameters.Length];
        long breadth = self.Breadth;
        for (int i = 0; i < arguments.Positional.Length; i++)
        {
            breadth += arguments.Positional[i].Breadth;
            if (i < values.Length) values[i] = arguments.Positional[i];
            else if (!_takesRest) throw run.Fails($"'{Name}' takes at most {values.Length} arguments");
        }
        foreach ((string name, Value value) in arguments.Named)
        {
            breadth += value.Breadth;
            int index = Array.IndexOf(_parameters, name);
            if (index >= 0 && values[index] is null) values[index] = value;
            else if (index >= 0) throw run.Fails($"'{Name}' is given two values for '{name}'");
            else if (!_takesNamed) throw run.Fails($"'{Name}' takes no argument '{name}'");
        }
        run.Charge(_isCheap ? CallSteps : breadth + CallSteps);
        Value[] rest = arguments.Positional.Length > values.Length ? arguments.Positional[values.Length..] : [];
        Value result = _body(new Call(run, this, self, values, rest, [.. arguments.Named.Where(argument => Array.IndexOf(_parameters, argument.Key) < 0)]));
        if (!_isCheap) run.Charge(result.Breadth);
        return result;
    }

    /// <summary>The name of a parameter, for an error.</summary>
    public string Parameter(int index) => _parameters[index];
}
