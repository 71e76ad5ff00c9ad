using Iced.Intel;
using ParScale.Kernels.MatMul.Assembly;
using ParScale.Kernels.MatMul.Tiers;
using static Iced.Intel.AssemblerRegisters;

namespace ParScale.Kernels.Machine;

/// <summary>
/// A loop of nothing but 8-bit products on sixteen independent sums, in instructions for which .NET has no intrinsic: 512-bit <c>vpdpbusd</c>, or
/// <c>usmmla</c> on Arm.
/// </summary>
internal static unsafe class DotLoopCode
{
    private const int Sums = 16;

    /// <summary>Whether the processor has one of them and generated code is allowed.</summary>
    public static bool IsSupported => AssembledKernel.IsSupported || ArmMatrixKernel.IsSupported;

    /// <summary>Multiply-adds of one round.</summary>
    public static int ProductsPerRound => Sums * (ArmMatrixKernel.IsSupported ? 32 : 64);

    /// <summary>Makes the loop callable; its argument is the number of rounds. Null where the system refuses generated code.</summary>
    public static delegate* unmanaged[Cdecl]<nint, void> Publish() =>
        (delegate* unmanaged[Cdecl]<nint, void>)ExecutableMemory.Publish(ArmMatrixKernel.IsSupported ? Arm64() : Avx512());

    private static byte[] Avx512()
    {
        var code = new Assembler(64);
        AssemblerRegister64 rounds = OperatingSystem.IsWindows() ? rcx : rdi;
        AssemblerRegisterZMM[] sums = [.. Enumerable.Range(0, Sums).Select(i => new AssemblerRegisterZMM(Register.ZMM16 + i))];
        code.vpxord(zmm0, zmm0, zmm0);
        foreach (AssemblerRegisterZMM sum in sums) code.vpxord(sum, sum, sum);
        Label round = code.CreateLabel();
        code.Label(ref round);
        foreach (AssemblerRegisterZMM sum in sums) code.vpdpbusd(sum, zmm0, zmm0);
        code.dec(rounds);
        code.jne(round);
        code.vzeroupper();
        code.ret();
        var bytes = new MemoryStream();
        code.Assemble(new StreamCodeWriter(bytes), 0);
        return bytes.ToArray();
    }

    private static byte[] Arm64()
    {
        const int rounds = 0, first = 16;
        var code = new Arm64Assembler();
        code.Movi16B(0, 0);
        for (int sum = 0; sum < Sums; sum++) code.Movi16B(first + sum, 0);
        int round = code.Here;
        for (int sum = 0; sum < Sums; sum++) code.Usmmla(first + sum, 0, 0);
        code.SubsNumber(rounds, rounds, 1);
        code.BNe(round);
        code.Ret();
        return code.Assemble();
    }
}
