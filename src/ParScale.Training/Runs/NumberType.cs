using System.Text.Json.Serialization;

namespace ParScale.Training.Runs;

/// <summary>A type of numbers that a run can compute or save in. Flags and files name it in lower case.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NumberType>))]
internal enum NumberType
{
    [JsonStringEnumMemberName("f32")]
    F32,

    [JsonStringEnumMemberName("bf16")]
    Bf16,
}
