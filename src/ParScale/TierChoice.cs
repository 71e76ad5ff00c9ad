using ParScale.Kernels;

namespace ParScale;

/// <summary>The wish for certain kernels, by an option or by the environment, checked against what this machine has.</summary>
internal static class TierChoice
{
    /// <summary>Puts a tier into use; null leaves the one that <c>PARSCALE_TIER</c> names, or else the best.</summary>
    /// <exception cref="ParScaleException">The machine does not have it.</exception>
    public static void Apply(string? tier)
    {
        if (tier is null && KernelTier.Unknown is { } unknown) throw Missing($"{KernelTier.Variable}: tier", unknown);
        if (tier is not null && !KernelTier.TryForce(tier)) throw Missing("tier", tier);
    }

    private static ParScaleException Missing(string source, string tier) => ParScaleException.Usage(
        "CL-02", $"{source} {ParScaleException.Quote(tier)} is not one this machine has; take one of {KernelTier.Names}");
}
