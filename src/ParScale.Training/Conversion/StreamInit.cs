using System.Text.Json.Serialization;

namespace ParScale.Training.Conversion;

/// <summary>The first values of streams that are added to a plain model.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StreamInit>))]
internal enum StreamInit
{
    /// <summary>All N(0, 0.02) and biases 0, as the paper draws them; the loss jumps and has to be trained down again.</summary>
    [JsonStringEnumMemberName("paper")]
    Paper,

    /// <summary>Prefixes that hardly any query looks at and equal weights for all streams; the model computes what it did.</summary>
    [JsonStringEnumMemberName("keep")]
    Keep,
}
