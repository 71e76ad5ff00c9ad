using System.Text.Json.Serialization;
using ParScale.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace ParScale.Training.Configuration;

/// <summary>A type of numbers that a run can compute or save in. Flags and files name it in lower case.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NumberType>))]
internal enum NumberType
{
    [JsonStringEnumMemberName("f32")]
    F32,

    [JsonStringEnumMemberName("bf16")]
    Bf16,
}

/// <summary>What each <see cref="NumberType"/> is called elsewhere.</summary>
internal static class NumberTypeExtensions
{
    public static TensorType InFiles(this NumberType type) => type == NumberType.Bf16 ? TensorType.BF16 : TensorType.F32;

    public static ScalarType InTorch(this NumberType type) => type == NumberType.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>The name under <c>torch_dtype</c> in a <c>config.json</c>.</summary>
    public static string InConfig(this NumberType type) => type.InFiles().ConfigName();
}
