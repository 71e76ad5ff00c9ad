using System.Text.Json.Serialization;

namespace ParScale.Training.Runs;

/// <summary>Which parameters a run trains.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TrainedSet>))]
internal enum TrainedSet
{
    /// <summary>All of them.</summary>
    [JsonStringEnumMemberName("all")]
    All,

    /// <summary>Prefixes and aggregator, on a backbone that stays as it is.</summary>
    [JsonStringEnumMemberName("streams")]
    Streams,
}
