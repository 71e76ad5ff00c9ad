using ParScale.Model;

namespace ParScale;

/// <summary>
/// Which of a model's resident stream sets a request runs with: by P, <c>Streams = 4</c>, or by name, <c>Streams = "p4"</c>.
/// </summary>
public readonly record struct StreamChoice
{
    private StreamChoice(int? count, string? name) => (Count, Name) = (count, name);

    /// <summary>P; null when the set is chosen by name.</summary>
    public int? Count { get; }

    /// <summary>The name; null when the set is chosen by P.</summary>
    public string? Name { get; }

    /// <summary>The set of P streams.</summary>
    public static StreamChoice FromInt32(int count) => new(count, null);

    /// <summary>The set of that name.</summary>
    public static StreamChoice FromString(string name) => new(null, name);

    /// <summary>The set of P streams.</summary>
    public static implicit operator StreamChoice(int count) => FromInt32(count);

    /// <summary>The set of that name.</summary>
    public static implicit operator StreamChoice(string name) => FromString(name);

    /// <summary>Finds the chosen one.</summary>
    /// <exception cref="ParScaleException">None fits, or several have that P (CL-09); the message lists those there are.</exception>
    internal StreamSet Find(IReadOnlyList<StreamSet> sets)
    {
        StreamSet[] found = [.. Chosen(sets)];
        if (found.Length == 1) return found[0];
        string there = string.Join(", ", sets.Select(set => FormattableString.Invariant($"{ParScaleException.Quote(set.Name)} (P = {set.Count})")));
        string asked = Name is null ? FormattableString.Invariant($"P = {Count}") : ParScaleException.Quote(Name);
        throw ParScaleException.Usage("CL-09", found.Length == 0
            ? $"no stream set {asked} is loaded; add it (AddStreams, --add-streams) or choose from {there}"
            : $"several stream sets have {asked}; choose one by name from {there}");
    }

    private IEnumerable<StreamSet> Chosen(IReadOnlyList<StreamSet> sets)
    {
        (int? count, string? name) = (Count, Name);
        return sets.Where(set => name is null ? set.Count == count : set.Name == name);
    }
}
