using System.Text.Json.Serialization;

namespace ParScale.Training.Runtime;

/// <summary>What <c>--device</c> asks for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeviceChoice>))]
internal enum DeviceChoice
{
    /// <summary>A GPU where TorchSharp finds one, else the processor.</summary>
    [JsonStringEnumMemberName("auto")]
    Auto,

    /// <summary>The processor.</summary>
    [JsonStringEnumMemberName("cpu")]
    Cpu,

    /// <summary>The first GPU that TorchSharp finds.</summary>
    [JsonStringEnumMemberName("cuda")]
    Cuda,
}
