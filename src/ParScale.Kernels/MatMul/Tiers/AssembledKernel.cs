using System.Runtime.Intrinsics.X86;
using Iced.Intel;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Assembly;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>A tier of generated machine code, written for each number of rows when it is first needed.</summary>
internal sealed unsafe class AssembledKernel(string name, VectorInstructions instructions) : IQuantizedKernel
{
    private const int Vnni = 1 << 11;

    private readonly PublishedCode _code = new(Enum.GetValues<WeightDtype>().Length * QuantizedActivations.BlockRows);

    public string Name => name;

    /// <summary>Whether the system lets a process publish code.</summary>
    public static bool IsAllowed { get; } = ExecutableMemory.Publish([0xC3]) != null;

    /// <summary>Whether the processor has 512-bit <c>vpdpbusd</c>, for which .NET has no intrinsic.</summary>
    public static bool HasAvx512Vnni { get; } = Avx512F.IsSupported && (X86Base.CpuId(7, 0).Ecx & Vnni) != 0;

    /// <summary>Whether that can be used.</summary>
    public static bool IsSupported => HasAvx512Vnni && IsAllowed;

    public ActivationLayout Layout(WeightDtype type) => instructions.Dot == Code.INVALID && WeightFormats.Numbers(type).ValuesPerByte == 1
        ? ActivationLayout.WordPairs
        : ActivationLayout.Bytes;

    public void Run(WeightDtype type, QuantizedMatMulArgs* args, int rows)
    {
        nint code = _code.Get(
            (int)type * QuantizedActivations.BlockRows + rows - 1,
            (instructions, type, rows),
            static what => QuantizedKernelCode.Write(what.instructions, what.type, what.rows));
        ((delegate* unmanaged[Cdecl]<QuantizedMatMulArgs*, void>)code)(args);
    }
}
