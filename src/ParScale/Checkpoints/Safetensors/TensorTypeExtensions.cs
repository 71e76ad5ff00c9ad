namespace ParScale.Checkpoints.Safetensors;

/// <summary>Sizes and file names of <see cref="TensorType"/>.</summary>
public static class TensorTypeExtensions
{
    private static readonly Dictionary<string, TensorType> ByFileName =
        Enum.GetValues<TensorType>().ToDictionary(type => type.FileName(), StringComparer.Ordinal);

    /// <summary>Bytes of one element: 1, 2, 4 or 8.</summary>
    public static int ByteSize(this TensorType type) => type switch
    {
        TensorType.Bool or TensorType.U8 or TensorType.I8 or TensorType.F8E4M3 or TensorType.F8E5M2 => 1,
        TensorType.I16 or TensorType.U16 or TensorType.F16 or TensorType.BF16 => 2,
        TensorType.I32 or TensorType.U32 or TensorType.F32 => 4,
        TensorType.I64 or TensorType.U64 or TensorType.F64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>The name a safetensors header uses, such as <c>BF16</c> or <c>F8_E4M3</c>.</summary>
    public static string FileName(this TensorType type) => type switch
    {
        TensorType.Bool => "BOOL",
        TensorType.F8E4M3 => "F8_E4M3",
        TensorType.F8E5M2 => "F8_E5M2",
        _ => type.ToString(),
    };

    /// <summary>What <c>torch_dtype</c> in a config calls the type, where a model may be stored in it.</summary>
    internal static string ConfigName(this TensorType type) => type switch
    {
        TensorType.BF16 => "bfloat16",
        TensorType.F16 => "float16",
        _ => "float32",
    };

    /// <summary>The type of such a name, also as <c>torch.bfloat16</c>; F32 for any other and for none.</summary>
    internal static TensorType OfConfig(string? name) =>
        name is null ? TensorType.F32
        : name.EndsWith("bfloat16", StringComparison.Ordinal) ? TensorType.BF16
        : name.EndsWith("float16", StringComparison.Ordinal) ? TensorType.F16 : TensorType.F32;

    /// <summary>All file names, for messages.</summary>
    internal static string KnownNames => string.Join(", ", ByFileName.Keys);

    /// <summary>Finds the type with this file name; the case counts.</summary>
    internal static bool TryParse(string fileName, out TensorType type) => ByFileName.TryGetValue(fileName, out type);
}
