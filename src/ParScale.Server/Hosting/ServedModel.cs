using System.Globalization;
using System.Text.Json;
using ParScale.Generation;
using ParScale.Model;
using ParScale.Server.Http;
using ParScale.Server.Observation;
using ParScale.Server.Requests;

namespace ParScale.Server.Hosting;

/// <summary>A model under its name. <c>NAME:p4</c> is the same model with its set of four streams.</summary>
/// <param name="Name">What clients call it.</param>
/// <param name="Model">The model.</param>
/// <param name="Created">When it was loaded, seconds since 1970.</param>
/// <param name="Metrics">Where its requests are measured.</param>
internal sealed record ServedModel(string Name, LanguageModel Model, long Created, ServerMetrics Metrics)
{
    /// <summary>What stands in <c>streams</c> for a set whose streams run where the plain model is unsure.</summary>
    private const string Auto = "auto";

    /// <summary>When all streams of the set that a request chose run; null for all tokens.</summary>
    /// <exception cref="ApiException">Its streams cannot rest, or a number is out of range.</exception>
    public StreamGate? Gate(Fields body, StreamSet set)
    {
        var asked = new StreamGate { Budget = body.Number("stream_budget", 1, set.Count), Threshold = body.Number("stream_threshold", 0, 100), Score = Score(body) };
        if (asked.Score == GateScore.Router && !set.HasRouter) throw ApiException.Field("stream_gate", "stream_gate is router, but these streams have none");
        if (IsAuto(body))
            return set.CanRest ? asked : throw ApiException.Field("streams", "streams is auto, but only those of an anchored model, or of an elastic one trained for 1 stream too, can rest");
        StreamGate? usual = body.Get("streams") is null && set == Model.Streams ? Model.DefaultOptions.Gate : null;
        if (asked == new StreamGate()) return usual;
        string field = asked.Budget is not null ? "stream_budget" : asked.Threshold is not null ? "stream_threshold" : "stream_gate";
        return usual is not null ? asked : throw ApiException.Field(field, $"{field} needs streams to be \"auto\"");
    }

    /// <summary>The names of its sets: the model's own name for the set that runs when none is chosen, then one for each set.</summary>
    public IEnumerable<(string Name, StreamSet Set)> Names()
    {
        yield return (Name, Model.Streams);
        foreach (StreamSet set in Model.StreamSets) yield return ($"{Name}:{set.Name}", set);
    }

    /// <summary>The set that a request names in <c>model</c> or <c>streams</c>.</summary>
    /// <exception cref="ApiException">There is none, or the two disagree.</exception>
    public StreamSet Choose(string? asked, Fields body)
    {
        StreamSet? named = asked is null || asked == Name ? null : Names().First(one => one.Name == asked).Set;
        if (body.Get("streams") is not { } value || IsAuto(body)) return named ?? Model.Streams;
        StreamSet[] found = value.ValueKind == JsonValueKind.String
            ? [.. Model.StreamSets.Where(set => set.Name == Fields.TextOf(value, "streams"))]
            : [.. Model.StreamSets.Where(set => set.Count == Fields.IntegerOf(value))];
        string there = string.Join(", ", Model.StreamSets.Select(set => set.Count).Distinct().Order().Select(count => count.ToString(CultureInfo.InvariantCulture)));
        if (found.Length == 0) throw ApiException.Field("streams", $"streams must be the P of a set that is loaded: {there}", "streams_not_loaded");
        if (found.Length > 1) throw ApiException.Field("streams", $"several sets have that P; name one of {string.Join(", ", found.Select(set => set.Name))}");
        return named is null || named == found[0] ? found[0] : throw ApiException.Field("streams", "streams and model name different sets");
    }

    private static GateScore? Score(Fields body) => body.Text("stream_gate") switch
    {
        null => null,
        "router" => GateScore.Router,
        "entropy" => GateScore.Entropy,
        _ => throw ApiException.Field("stream_gate", "stream_gate must be \"router\" or \"entropy\""),
    };

    private static bool IsAuto(Fields body) => body.Get("streams") is { ValueKind: JsonValueKind.String } value && value.ValueEquals(Auto);
}
