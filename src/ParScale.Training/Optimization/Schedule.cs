using System.Text.Json.Serialization;

namespace ParScale.Training.Optimization;

/// <summary>What the learning rate does after its warm-up; see <see cref="LearningRate"/>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Schedule>))]
internal enum Schedule
{
    /// <summary>Half a cosine down to the lowest rate.</summary>
    [JsonStringEnumMemberName("cosine")]
    Cosine,

    /// <summary>Warm-up, stable, decay: the peak, then 1 - sqrt down to the lowest rate.</summary>
    [JsonStringEnumMemberName("wsd")]
    Wsd,

    /// <summary>The peak to the end.</summary>
    [JsonStringEnumMemberName("constant")]
    Constant,
}
