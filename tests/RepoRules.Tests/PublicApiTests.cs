using System.Reflection;
using ParScale;
using ParScale.Extensions.AI;
using ParScale.Kernels.Formats;
using ParScale.ScalingLaws;
using ParScale.Server;
using ParScale.Vulkan;
using PublicApiGenerator;

namespace RepoRules.Tests;

/// <summary>
/// What the packages offer is written in docs/api, so that a diff shows what a change adds to it and takes from it. After a change that is
/// meant, <c>scripts/api.sh</c> writes it anew.
/// </summary>
public class PublicApiTests
{
    private static readonly ApiGeneratorOptions Plain = new() { IncludeAssemblyAttributes = false };

    public static TheoryData<Assembly> Packages => [typeof(LanguageModel).Assembly, typeof(WeightDtype).Assembly, typeof(ScalingLaw).Assembly, typeof(ParScaleChatClient).Assembly,
        typeof(ParScaleService).Assembly, typeof(VulkanDevices).Assembly];

    [Theory]
    [MemberData(nameof(Packages), DisableDiscoveryEnumeration = true)]
    public void Public_members_are_those_written_down(Assembly package)
    {
        string file = Path.Combine(Repository.Root, "docs", "api", package.GetName().Name + ".txt");
        string api = package.GeneratePublicApi(Plain).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("PARSCALE_WRITE_API") == "1") File.WriteAllText(file, api);
        Assert.True(
            File.Exists(file) && File.ReadAllText(file).ReplaceLineEndings("\n") == api,
            $"the public API of {package.GetName().Name} has changed; run scripts/api.sh and look at the diff of docs/api");
    }
}
