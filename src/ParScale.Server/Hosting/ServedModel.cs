using System.Globalization;
using ParScale.Model;
using ParScale.Server.Http;
using ParScale.Server.Observation;

namespace ParScale.Server.Hosting;

/// <summary>A model under its name. <c>NAME:p4</c> is the same model with its set of four streams.</summary>
/// <param name="Name">What clients call it.</param>
/// <param name="Model">The model.</param>
/// <param name="Created">When it was loaded, seconds since 1970.</param>
/// <param name="Metrics">Where its requests are measured.</param>
internal sealed record ServedModel(string Name, LanguageModel Model, long Created, ServerMetrics Metrics)
{
    /// <summary>The names of its sets: the model's own name for the set that runs when none is chosen, then one for each set.</summary>
    public IEnumerable<(string Name, StreamSet Set)> Names()
    {
        yield return (Name, Model.Streams);
        foreach (StreamSet set in Model.StreamSets) yield return ($"{Name}:{set.Name}", set);
    }

    /// <summary>The set that a request names in <c>model</c> or <c>streams</c>.</summary>
    /// <exception cref="ApiException">There is none, or the two disagree.</exception>
    public StreamSet Choose(string? asked, Requests.Fields body)
    {
        StreamSet? named = asked is null || asked == Name ? null : Names().First(one => one.Name == asked).Set;
        if (body.Get("streams") is not { } value) return named ?? Model.Streams;
        StreamSet[] found = value.ValueKind == System.Text.Json.JsonValueKind.String
            ? [.. Model.StreamSets.Where(set => set.Name == Requests.Fields.TextOf(value, "streams"))]
            : [.. Model.StreamSets.Where(set => set.Count == Requests.Fields.IntegerOf(value))];
        string there = string.Join(", ", Model.StreamSets.Select(set => set.Count).Distinct().Order().Select(count => count.ToString(CultureInfo.InvariantCulture)));
        if (found.Length == 0) throw ApiException.Field("streams", $"streams must be the P of a set that is loaded: {there}", "streams_not_loaded");
        if (found.Length > 1) throw ApiException.Field("streams", $"several sets have that P; name one of {string.Join(", ", found.Select(set => set.Name))}");
        return named is null || named == found[0] ? found[0] : throw ApiException.Field("streams", "streams and model name different sets");
    }
}
