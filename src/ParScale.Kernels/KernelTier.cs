using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels;

/// <summary>Chooses the instructions that the kernels run on, and names them, so that nobody has to guess.</summary>
internal static class KernelTier
{
    /// <summary>Environment variable that forces a tier.</summary>
    public const string Variable = "PARSCALE_TIER";

    /// <summary>The tiers for block-quantized weights that this machine can run, best first.</summary>
    public static IReadOnlyList<IQuantizedKernel> Available { get; } = [.. Find()];

    /// <summary>Their names.</summary>
    public static string Names => string.Join(", ", Available.Select(kernel => kernel.Name));

    /// <summary>The tier in use for block-quantized weights: the best, or the one forced.</summary>
    public static IQuantizedKernel Current { get; private set; } = Named(Environment.GetEnvironmentVariable(Variable)) ?? Available[0];

    /// <summary>The instructions used for weights of a type, for example <c>avx512-vnni</c> or <c>float 256-bit</c>.</summary>
    public static string NameFor(WeightDtype type) => WeightFormats.IsQuantized(type) ? Current.Name : Name;

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

    private static IEnumerable<IQuantizedKernel> Find()
    {
        if (AssembledKernel.IsSupported) yield return new AssembledKernel();
        if (AvxVnni.IsSupported && Fma.IsSupported) yield return new VectorKernel<AvxVnniTier, Vector256<int>>("avx-vnni");
        if (Avx2.IsSupported && Fma.IsSupported) yield return new VectorKernel<Avx2Tier, Vector256<int>>("avx2");
        if (Dp.IsSupported) yield return new VectorKernel<ArmDpTier, Vector128<int>>("dp");
        yield return new VectorKernel<PortableTier, Vector128<int>>("portable");
    }

    private static string Instructions =>
        !Vector128.IsHardwareAccelerated ? "portable" :
        Vector512.IsHardwareAccelerated ? "AVX-512" :
        Avx2.IsSupported && Fma.IsSupported ? "AVX2+FMA" :
        Avx2.IsSupported ? "AVX2" :
        AdvSimd.IsSupported ? "AdvSimd" :
        Sse2.IsSupported ? "SSE2" : "portable SIMD";
}
