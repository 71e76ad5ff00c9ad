using Iced.Intel;
using ParScale.Kernels.MatMul.Tiers;
using static Iced.Intel.AssemblerRegisters;

namespace ParScale.Kernels.Machine;

/// <summary>A loop of nothing but 512-bit <c>vpdpbusd</c> on sixteen independent sums, for which .NET has no intrinsic.</summary>
internal static unsafe class DotLoopCode
{
    private static readonly AssemblerRegisterZMM[] Sums =
    [
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    /// <summary>Multiply-adds of one round.</summary>
    public static int ProductsPerRound => Sums.Length * 64;

    /// <summary>Makes the loop callable; its argument is the number of rounds. Null where the system refuses generated code.</summary>
    public static delegate* unmanaged[Cdecl]<nint, void> Publish()
    {
        var code = new Assembler(64);
        AssemblerRegister64 rounds = OperatingSystem.IsWindows() ? rcx : rdi;
        code.vpxord(zmm0, zmm0, zmm0);
        foreach (AssemblerRegisterZMM sum in Sums) code.vpxord(sum, sum, sum);
        Label round = code.CreateLabel();
        code.Label(ref round);
        foreach (AssemblerRegisterZMM sum in Sums) code.vpdpbusd(sum, zmm0, zmm0);
        code.dec(rounds);
        code.jne(round);
        code.vzeroupper();
        code.ret();
        var bytes = new MemoryStream();
        code.Assemble(new StreamCodeWriter(bytes), 0);
        return (delegate* unmanaged[Cdecl]<nint, void>)ExecutableMemory.Publish(bytes.ToArray());
    }
}
