using System.Runtime.Intrinsics.X86;
using Iced.Intel;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.MatMul.Assembly;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.MatMul;

/// <summary>What the tests of the tiers do not see: code for processors that are not here, and what callers rely on.</summary>
public sealed class GeneratedCodeTests
{
    // The same 256-bit code with the encoding of its one instruction that AVX-512 machines have too.
    private static readonly VectorInstructions AvxVnniOnAvx512 = VectorInstructions.AvxVnni with { Dot = Code.EVEX_Vpdpbusd_ymm_k1z_ymm_ymmm256b32 };

    public static TheoryData<int, WeightDtype> RowsAndTypes =>
        [.. from rows in Enumerable.Range(1, QuantizedActivations.BlockRows) from type in new[] { WeightDtype.Q8, WeightDtype.Q4 } select (rows, type)];

    public static TheoryData<WeightDtype, int, int> FloatCodes =>
        [.. from type in new[] { WeightDtype.F32, WeightDtype.Bf16 } from rows in new[] { 3, 4 } from fetches in new[] { 1, 2, 3, 6 } select (type, rows, fetches)];

    [Theory]
    [MemberData(nameof(RowsAndTypes))]
    public void AVX_VNNI_code_is_code_that_runs_here_in_another_encoding(int rows, WeightDtype type)
    {
        Instruction[] vex = Decode(VectorInstructions.AvxVnni, type, rows), evex = Decode(AvxVnniOnAvx512, type, rows);
        Assert.All(vex, instruction => Assert.False(instruction.IsInvalid));
        Assert.Equal(evex.Select(Text), vex.Select(Text));
        Assert.Contains(vex, instruction => instruction.Code == VectorInstructions.AvxVnni.Dot);
        Assert.DoesNotContain(vex.SelectMany(instruction => instruction.Code.CpuidFeatures()), feature => feature is CpuidFeature.AVX512F or CpuidFeature.AVX512VL);
    }

    [Fact]
    public void AVX_VNNI_code_gives_the_bits_of_the_reference()
    {
        if (!AssembledKernel.IsSupported || !Avx512F.VL.IsSupported) Assert.Skip("this machine has no 256-bit vpdpbusd of AVX-512");
        using var pool = new WorkerPool(2);
        using var scratch = new QuantizedActivations(new AssembledKernel("avx-vnni", AvxVnniOnAvx512));
        foreach (WeightDtype type in new[] { WeightDtype.Q8, WeightDtype.Q4 })
        {
            using WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(113 * 300, 1), type, 113, 300);
            foreach (int rows in new[] { 1, 2, 3, 4, 5, 6, 7, 8, 19 })
            {
                float[] x = Numbers.Random(rows * 300, rows), expected = new float[rows * 113], actual = new float[rows * 113];
                Linear.QuantizedReference(weights, x, rows, [], expected);
                Linear.Run(weights, x, rows, [], actual, pool, scratch);
                Assert.Equal(expected, actual);
            }
        }
    }

    // Windows wants the lower halves of vector registers 6 to 15 back, every system rbx, rbp and r12 to r15, Windows also rsi and rdi.
    [Theory]
    [MemberData(nameof(RowsAndTypes))]
    public void Registers_that_callers_keep_values_in_are_put_back(int rows, WeightDtype type)
    {
        foreach (VectorInstructions instructions in new[] { VectorInstructions.Avx2, VectorInstructions.AvxVnni, VectorInstructions.Avx512Vnni })
        {
            Instruction[] code = Decode(instructions, type, rows);
            Assert.Equal(instructions.UsesKeptRegisters, CheckKept(code).Contains(Register.ZMM15));
        }
    }

    [Theory]
    [MemberData(nameof(FloatCodes))]
    public void Float_code_puts_registers_back_and_needs_AVX2_and_FMA_only(WeightDtype type, int rows, int fetches)
    {
        Instruction[] code = Decode(FloatTileCode.Write(type, rows, fetches));
        Assert.Contains(Register.ZMM15, CheckKept(code));
        Assert.All(code, instruction => Assert.False(instruction.IsInvalid));
        CpuidFeature[] allowed = [CpuidFeature.INTEL8086, CpuidFeature.INTEL386, CpuidFeature.X64, CpuidFeature.CMOV, CpuidFeature.PREFETCHW,
            CpuidFeature.SSE, CpuidFeature.AVX, CpuidFeature.AVX2, CpuidFeature.FMA];
        Assert.Subset(allowed.ToHashSet(), code.SelectMany(instruction => instruction.Code.CpuidFeatures()).ToHashSet());
        Assert.Equal(fetches, code.Count(instruction => instruction.Mnemonic == Mnemonic.Prefetcht1));
    }

    [Theory]
    [InlineData(1, 31)]
    [InlineData(2, 33)]
    [InlineData(7, 64)]
    [InlineData(101, 544)]
    [InlineData(70, 2001)]
    public void Float_code_gives_the_bits_of_the_intrinsics(int outputs, int length)
    {
        if (!AssembledFloatTile.IsSupported) Assert.Skip("this machine has no AVX2 with FMA, or refuses generated code");
        using var pool = new WorkerPool(2);
        foreach (int rows in new[] { 3, 4, 5, 6, 7, 8, 11, 16, 270 })
        {
            foreach (WeightDtype type in new[] { WeightDtype.F32, WeightDtype.Bf16 })
            {
                using WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(outputs * length, 1), type, outputs, length);
                float[] x = Numbers.Random(rows * length, 2), bias = Numbers.Random(outputs, 3);
                float[] expected = new float[rows * outputs], actual = new float[rows * outputs];
                Linear.In256Bits(weights, x, rows, bias, expected, pool, intrinsics: true);
                Linear.In256Bits(weights, x, rows, bias, actual, pool, intrinsics: false);
                Assert.Equal(expected, actual);
            }
        }
    }

    // The registers that are written.
    private static Register[] CheckKept(Instruction[] code)
    {
        var info = new InstructionInfoFactory();
        // vzeroupper clears upper halves only.
        Register[] written = [.. code.Where(instruction => instruction.Mnemonic != Mnemonic.Vzeroupper)
            .SelectMany(instruction => info.GetInfo(instruction).GetUsedRegisters())
            .Where(use => use.Access is OpAccess.Write or OpAccess.ReadWrite).Select(use => use.Register.GetFullRegister()).Distinct()];
        foreach (Register register in written.Where(register => register is >= Register.ZMM6 and <= Register.ZMM15))
        {
            Register xmm = Register.XMM0 + (register - Register.ZMM0);
            Instruction save = Assert.Single(code, i => i.Code == Code.VEX_Vmovups_xmmm128_xmm && i.Op1Register == xmm);
            Instruction restore = Assert.Single(code, i => i.Code == Code.VEX_Vmovups_xmm_xmmm128 && i.Op0Register == xmm);
            Assert.Equal((save.MemoryBase, save.MemoryDisplacement64), (restore.MemoryBase, restore.MemoryDisplacement64));
        }
        Register[] Stack(Mnemonic mnemonic) => [.. code.Where(i => i.Mnemonic == mnemonic).Select(i => i.Op0Register)];
        Assert.Equal(Stack(Mnemonic.Push).Reverse(), Stack(Mnemonic.Pop));
        Register[] keepers = [Register.RBX, Register.RBP, Register.RSI, Register.RDI, Register.R12, Register.R13, Register.R14, Register.R15];
        Assert.Subset(Stack(Mnemonic.Push).ToHashSet(), written.Intersect(keepers).ToHashSet());
        return written;
    }

    private static Instruction[] Decode(VectorInstructions instructions, WeightDtype type, int rows) =>
        Decode(QuantizedKernelCode.Write(instructions, type, rows));

    private static Instruction[] Decode(byte[] code)
    {
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(code));
        var decoded = new List<Instruction>();
        while (decoder.IP < (ulong)code.Length) decoded.Add(decoder.Decode());
        return [.. decoded];
    }

    // Without what depends on the length of encodings.
    private static string Text(Instruction instruction) => instruction.IsJccShortOrNear ? instruction.Mnemonic.ToString() : instruction.ToString();
}
