using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Formats;

/// <summary>Code that is generic over a format with one float per value.</summary>
internal interface IFloatFormatKernel
{
    /// <summary>Runs for one format.</summary>
    void Run<TFormat>() where TFormat : struct, IFloatFormat;
}

/// <summary>Code that is generic over a block-quantized format.</summary>
internal interface IQuantizedFormatKernel
{
    /// <summary>Runs for one format.</summary>
    void Run<TFormat>() where TFormat : struct, IQuantizedFormat;
}

/// <summary>
/// From a <see cref="WeightDtype"/> to the struct that knows it: the only place that lists the formats. A format that is not listed
/// throws instead of being taken for another.
/// </summary>
internal static class WeightFormats
{
    /// <summary>Whether a type stores codes and scales.</summary>
    public static bool IsQuantized(WeightDtype type) => type switch
    {
        WeightDtype.F32 or WeightDtype.Bf16 => false,
        WeightDtype.Q8 or WeightDtype.Q4 => true,
        _ => throw Unknown(type),
    };

    /// <summary>How keys and values are held beside weights of a type when nobody asks for one: as exact as the weights are.</summary>
    public static KvDtype DefaultCache(WeightDtype type) => IsQuantized(type) ? KvDtype.Bf16 : KvDtype.F32;

    /// <summary>Runs a kernel for a type with one float per value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RunFloat<TKernel>(WeightDtype type, TKernel kernel) where TKernel : struct, IFloatFormatKernel, allows ref struct
    {
        switch (type)
        {
            case WeightDtype.F32: kernel.Run<F32>(); break;
            case WeightDtype.Bf16: kernel.Run<Bf16>(); break;
            default: throw Unknown(type);
        }
    }

    /// <summary>Runs a kernel for a block-quantized type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RunQuantized<TKernel>(WeightDtype type, TKernel kernel) where TKernel : struct, IQuantizedFormatKernel, allows ref struct
    {
        switch (type)
        {
            case WeightDtype.Q8: kernel.Run<Q8>(); break;
            case WeightDtype.Q4: kernel.Run<Q4>(); break;
            default: throw Unknown(type);
        }
    }

    /// <summary>Bytes of a value of a type with one float per value.</summary>
    public static int BytesPerValue(WeightDtype type) => type switch
    {
        WeightDtype.F32 => F32.BytesPerValue,
        WeightDtype.Bf16 => Bf16.BytesPerValue,
        _ => throw Unknown(type),
    };

    /// <summary>The numbers of a block-quantized type.</summary>
    public static QuantizedNumbers Numbers(WeightDtype type) => type switch
    {
        WeightDtype.Q8 => QuantizedNumbers.Of<Q8>(),
        WeightDtype.Q4 => QuantizedNumbers.Of<Q4>(),
        _ => throw Unknown(type),
    };

    private static ArgumentOutOfRangeException Unknown(WeightDtype type) => new(nameof(type), type, "a weight format of another kind, or none");
}

/// <summary>What <see cref="IQuantizedFormat"/> says of a format, for code that is not generic over it.</summary>
internal readonly record struct QuantizedNumbers(int GroupSize, int Offset, int ValuesPerByte)
{
    /// <summary>Those of one format.</summary>
    public static QuantizedNumbers Of<TFormat>() where TFormat : struct, IQuantizedFormat =>
        new(TFormat.GroupSize, TFormat.Offset, TFormat.ValuesPerByte);
}
