using System.Runtime.Intrinsics.X86;
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

    private static bool IsOff(string variable) => Environment.GetEnvironmentVariable(variable) == "0";
}
