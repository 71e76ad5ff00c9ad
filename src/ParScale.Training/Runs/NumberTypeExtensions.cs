using ParScale.Checkpoints;
using static TorchSharp.torch;

namespace ParScale.Training.Runs;

/// <summary>What each <see cref="NumberType"/> is called elsewhere.</summary>
internal static class NumberTypeExtensions
{
    public static TensorType InFiles(this NumberType type) => type == NumberType.Bf16 ? TensorType.BF16 : TensorType.F32;

    public static ScalarType InTorch(this NumberType type) => type == NumberType.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>The name under <c>torch_dtype</c> in a <c>config.json</c>.</summary>
    public static string InConfig(this NumberType type) => type == NumberType.Bf16 ? "bfloat16" : "float32";
}
