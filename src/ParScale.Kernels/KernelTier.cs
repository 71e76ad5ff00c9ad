using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Assembly;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels;

/// <summary>Chooses the instructions that the kernels run on, and names them, so that nobody has to guess.</summary>
internal static class KernelTier
{
    private const string Refused = " (the system refuses generated code)";

    /// <summary>Environment variable that forces a tier.</summary>
    public const string Variable = "PARSCALE_TIER";

    /// <summary>The tiers for block-quantized weights that this machine can run. The first is taken unless another is asked for.</summary>
    public static IReadOnlyList<IQuantizedKernel> Available { get; } = [.. Find(AssembledKernel.IsAllowed)];

    /// <summary>Their names.</summary>
    public static string Names => string.Join(", ", Available.Select(kernel => kernel.Name));

    /// <summary>The tier in use for block-quantized weights: the first, or the one forced.</summary>
    public static IQuantizedKernel Current { get; private set; } = Named(Environment.GetEnvironmentVariable(Variable)) ?? Available[0];

    /// <summary>What the environment variable asks for although this machine does not have it; null when there is no such mistake.</summary>
    public static string? Unknown { get; } =
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name && Named(name) is null ? name : null;

    /// <summary>
    /// The instructions used for weights of a type, for example <c>avx512-vnni</c> or <c>float 256-bit</c>, and why they are not the
    /// best ones where the system is to blame.
    /// </summary>
    public static string NameFor(WeightDtype type) => WeightFormats.IsQuantized(type)
        ? Describe(Current, AssembledKernel.IsAllowed)
        : DescribeFloat(AssembledKernel.IsAllowed);

    /// <summary>The name of a tier, and a note when others of this processor are missing because generated code is refused.</summary>
    internal static string Describe(IQuantizedKernel kernel, bool generatedCode) =>
        !generatedCode && Find(true).Count() > Find(false).Count() ? kernel.Name + Refused : kernel.Name;

    /// <summary>The vectors used for float weights, with the same note.</summary>
    internal static string DescribeFloat(bool generatedCode) =>
        !generatedCode && Simd.Bits == 256 && AssembledFloatTile.HasInstructions ? Name + Refused : Name;

    /// <summary>The vectors used for float weights, for example <c>AVX-512 512-bit</c>.</summary>
    public static string Name { get; } = $"{Instructions} {Simd.Bits}-bit";

    /// <summary>Makes a tier the one in use. False when this machine does not have it.</summary>
    public static bool TryForce(string name)
    {
        if (Named(name) is not { } kernel) return false;
        Current = kernel;
        return true;
    }

    private static IQuantizedKernel? Named(string? name) =>
        Available.FirstOrDefault(kernel => string.Equals(kernel.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// The tiers that the processor has. Where generated code is refused, those in C# intrinsics remain, which reach nine tenths of its speed on x86.
    /// Arm's matrix products stand behind the dot products until somebody has timed both.
    /// </summary>
    internal static IEnumerable<IQuantizedKernel> Find(bool generatedCode)
    {
        bool avx2 = Avx2.IsSupported && Fma.IsSupported, avxVnni = AvxVnni.IsSupported && Fma.IsSupported;
        if (AssembledKernel.HasAvx512Vnni && generatedCode) yield return new AssembledKernel("avx512-vnni", VectorInstructions.Avx512Vnni);
        if (avxVnni && generatedCode) yield return new AssembledKernel("avx-vnni", VectorInstructions.AvxVnni);
        if (avx2 && generatedCode) yield return new AssembledKernel("avx2", VectorInstructions.Avx2);
        if (avxVnni) yield return ByDot<AvxVnniTier, Vector256<int>>("avx-vnni-intrinsics");
        if (avx2) yield return new VectorKernel<Avx2BytesStep, Avx2NibblesStep, Vector256<int>>("avx2-intrinsics", ActivationLayout.WordPairs);
        if (Dp.IsSupported)
        {
            IQuantizedKernel dp = ByDot<ArmDpTier, Vector128<int>>("dp");
            yield return dp;
            if (ArmMatrixKernel.HasInstructions && generatedCode) yield return new ArmMatrixKernel(dp);
        }
        yield return ByDot<PortableTier, Vector128<int>>("portable");
    }

    private static VectorKernel<DotBytesStep<TTier, TVector>, DotNibblesStep<TTier, TVector>, TVector> ByDot<TTier, TVector>(string name)
        where TTier : struct, IDotTier<TVector>
        where TVector : struct => new(name, ActivationLayout.Bytes);

    private static string Instructions =>
        !Vector128.IsHardwareAccelerated ? "portable" :
        Vector512.IsHardwareAccelerated ? "AVX-512" :
        Avx2.IsSupported && Fma.IsSupported ? "AVX2+FMA" :
        Avx2.IsSupported ? "AVX2" :
        AdvSimd.IsSupported ? "AdvSimd" :
        Sse2.IsSupported ? "SSE2" : "portable SIMD";
}
