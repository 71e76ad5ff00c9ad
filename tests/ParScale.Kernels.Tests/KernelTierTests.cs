using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Tests;

/// <summary>scripts/test.sh runs this project once per tier; a tier that was asked off must really be off.</summary>
public class KernelTierTests
{
    [Fact]
    public void A_switched_off_tier_is_off()
    {
        if (IsOff("DOTNET_EnableAVX512")) Assert.False(Avx512F.IsSupported);
        if (IsOff("DOTNET_EnableAVX2")) Assert.False(Avx2.IsSupported);
        if (!IsOff("DOTNET_EnableHWIntrinsic")) return;
        Assert.False(Sse42.IsSupported);
        Assert.False(Avx2.IsSupported);
    }

    [Fact]
    public void The_name_tells_the_width_in_use() =>
        Assert.EndsWith($"{Simd.Bits}-bit", KernelTier.Name, StringComparison.Ordinal);

    [Fact]
    public void Where_the_system_refuses_generated_code_intrinsics_take_over_and_the_name_says_so()
    {
        IQuantizedKernel[] all = [.. KernelTier.Find(generatedCode: true)], left = [.. KernelTier.Find(generatedCode: false)];
        Assert.DoesNotContain(left, IsGenerated);
        Assert.Equal(all.Where(kernel => !IsGenerated(kernel)).Select(kernel => kernel.Name), left.Select(kernel => kernel.Name));
        if (Avx2.IsSupported && Fma.IsSupported) Assert.EndsWith("-intrinsics", left[0].Name, StringComparison.Ordinal);

        bool missing = all.Length > left.Length;
        string told = KernelTier.Describe(left[0], generatedCode: false);
        Assert.Equal(missing ? $"{left[0].Name} (the system refuses generated code)" : left[0].Name, told);
        Assert.Equal(all[0].Name, KernelTier.Describe(all[0], generatedCode: true));

        bool floats = Simd.Bits == 256 && Avx2.IsSupported && Fma.IsSupported;
        Assert.Equal(floats ? $"{KernelTier.Name} (the system refuses generated code)" : KernelTier.Name, KernelTier.DescribeFloat(generatedCode: false));
        Assert.Equal(KernelTier.Name, KernelTier.DescribeFloat(generatedCode: true));
    }

    // Nobody has timed it.
    [Fact]
    public void Matrix_products_of_Arm_are_there_by_name_and_never_on_their_own()
    {
        Assert.Equal(ArmMatrixKernel.IsSupported, KernelTier.Available.Any(kernel => kernel.Name == "i8mm"));
        Assert.NotEqual("i8mm", KernelTier.Available[0].Name);
        if (!Dp.IsSupported) Assert.False(ArmMatrixKernel.HasInstructions);
    }

    private static bool IsGenerated(IQuantizedKernel kernel) => kernel is AssembledKernel or ArmMatrixKernel;

    private static bool IsOff(string variable) => Environment.GetEnvironmentVariable(variable) == "0";
}
