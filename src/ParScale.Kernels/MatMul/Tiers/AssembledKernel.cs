using System.Runtime.Intrinsics.X86;
using Iced.Intel;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Assembly;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>A tier of generated machine code, written for each number of rows when it is first needed.</summary>
internal sealed unsafe class AssembledKernel(string name, VectorInstructions instructions) : IQuantizedKernel
{
    private const int Vnni = 1 << 11;

    private readonly nint[] _code = new nint[Enum.GetValues<WeightDtype>().Length * QuantizedActivations.BlockRows];
    private readonly Lock _writing = new();

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
        int index = (int)type * QuantizedActivations.BlockRows + rows - 1;
        nint code = Volatile.Read(ref _code[index]);
        if (code == 0) code = Write(type, rows, index);
        ((delegate* unmanaged[Cdecl]<QuantizedMatMulArgs*, void>)code)(args);
    }

    private nint Write(WeightDtype type, int rows, int index)
    {
        lock (_writing)
        {
            if (_code[index] != 0) return _code[index];
            void* code = ExecutableMemory.Publish(QuantizedKernelCode.Write(instructions, type, rows));
            if (code == null) throw new InvalidOperationException("the system let this process publish code before and refuses it now");
            Volatile.Write(ref _code[index], (nint)code);
            return (nint)code;
        }
    }
}
