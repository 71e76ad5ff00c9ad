using Iced.Intel;

namespace ParScale.Kernels.MatMul.Assembly;

/// <summary>
/// The instructions of one width of vectors, by the names that Iced gives their encodings, so that
/// <see cref="QuantizedKernelCode"/> is written once for all of them.
/// </summary>
internal sealed record VectorInstructions
{
    /// <summary>AVX2 with FMA: 256 bits. Products of bytes saturate at 16 bits, so there is no <see cref="Dot"/>.</summary>
    public static VectorInstructions Avx2 { get; } = new()
    {
        Bytes = 32,
        First = Register.YMM0,
        Load = Code.VEX_Vmovups_ymm_ymmm256,
        Store = Code.VEX_Vmovups_ymmm256_ymm,
        Xor = Code.VEX_Vpxor_ymm_ymm_ymmm256,
        And = Code.VEX_Vpand_ymm_ymm_ymmm256,
        Shift32Right = Code.VEX_Vpsrld_ymm_ymm_imm8,
        Shift32Left = Code.VEX_Vpslld_ymm_ymm_imm8,
        Broadcast32 = Code.VEX_Vpbroadcastd_ymm_xmmm32,
        Widen16 = Code.VEX_Vpmovzxwd_ymm_xmmm128,
        Multiply = Code.VEX_Vmulps_ymm_ymm_ymmm256,
        ToFloat = Code.VEX_Vcvtdq2ps_ymm_ymmm256,
        MultiplyAdd = Code.VEX_Vfmadd213ps_ymm_ymm_ymmm256,
    };

    /// <summary>AVX2 with AVX-VNNI: 256 bits.</summary>
    public static VectorInstructions AvxVnni { get; } = Avx2 with { Dot = Code.VEX_Vpdpbusd_ymm_ymm_ymmm256 };

    /// <summary>AVX-512 with VNNI: 512 bits.</summary>
    public static VectorInstructions Avx512Vnni { get; } = new()
    {
        Bytes = 64,
        First = Register.ZMM0,
        Load = Code.EVEX_Vmovups_zmm_k1z_zmmm512,
        Store = Code.EVEX_Vmovups_zmmm512_k1z_zmm,
        Xor = Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32,
        And = Code.EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32,
        Shift32Right = Code.EVEX_Vpsrld_zmm_k1z_zmmm512b32_imm8,
        Shift32Left = Code.EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8,
        Broadcast32 = Code.EVEX_Vpbroadcastd_zmm_k1z_xmmm32,
        Widen16 = Code.EVEX_Vpmovzxwd_zmm_k1z_ymmm256,
        Multiply = Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er,
        ToFloat = Code.EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er,
        MultiplyAdd = Code.EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er,
        Dot = Code.EVEX_Vpdpbusd_zmm_k1z_zmm_zmmm512b32,
    };

    /// <summary>Bytes of a vector.</summary>
    public required int Bytes { get; init; }

    /// <summary>Register 0 of this width.</summary>
    public required Register First { get; init; }

    /// <summary>Registers that <see cref="Name"/> knows.</summary>
    public int Registers => Bytes == 64 ? 6 + 16 : 16;

    /// <summary>
    /// Whether registers are used that Windows wants back as they were: xmm6 to xmm15. AVX-512 has sixteen more and leaves these alone.
    /// </summary>
    public bool UsesKeptRegisters => Bytes != 64;

    public required Code Load { get; init; }

    public required Code Store { get; init; }

    public required Code Xor { get; init; }

    public required Code And { get; init; }

    public required Code Shift32Right { get; init; }

    public required Code Shift32Left { get; init; }

    /// <summary>The same 32 bits of memory in every lane.</summary>
    public required Code Broadcast32 { get; init; }

    /// <summary>Unsigned 16-bit numbers to 32 bits.</summary>
    public required Code Widen16 { get; init; }

    public required Code Multiply { get; init; }

    /// <summary>32-bit integers to singles.</summary>
    public required Code ToFloat { get; init; }

    /// <summary>a = a * b + c.</summary>
    public required Code MultiplyAdd { get; init; }

    /// <summary>
    /// Adds the four products of the bytes of a lane, unsigned times signed, to its sum; INVALID where there is no such instruction.
    /// </summary>
    public Code Dot { get; init; } = Code.INVALID;

    /// <summary>The register of a number below <see cref="Registers"/>.</summary>
    public Register Name(int number) => First + (UsesKeptRegisters || number < 6 ? number : number + 10);
}
