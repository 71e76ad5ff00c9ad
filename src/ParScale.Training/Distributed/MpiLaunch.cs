using System.Globalization;

namespace ParScale.Training.Distributed;

/// <summary>What the environment says about how this process was started; asking needs no MPI library.</summary>
internal static class MpiLaunch
{
    /// <summary>Whether mpirun, or another launcher that speaks PMIx, started this process as one of several.</summary>
    public static bool IsPresent => Number("OMPI_COMM_WORLD_SIZE") is { } size ? size > 1 : Number("PMIX_RANK") is not null;

    /// <summary>The rank of this process; 0 when it is alone.</summary>
    public static int Rank => Number("OMPI_COMM_WORLD_RANK") ?? Number("PMIX_RANK") ?? 0;

    /// <summary>The rank of this process among those on this machine; 0 where the launcher does not say.</summary>
    public static int RankHere => Number("OMPI_COMM_WORLD_LOCAL_RANK") ?? 0;

    /// <summary>The ranks on this machine; 1 where the launcher does not say.</summary>
    public static int RanksHere => IsPresent ? Math.Max(1, Number("OMPI_COMM_WORLD_LOCAL_SIZE") ?? 1) : 1;

    /// <summary>The threads of one rank: the machine's cores shared by the ranks on it, and no more than it may use.</summary>
    public static int Threads()
    {
        int allowed = Environment.ProcessorCount;
        if (!IsPresent) return allowed;
        return Threads(allowed, Math.Max(allowed, CoresOfMachine()), RanksHere, Number("OMPI_MCA_orte_bound_at_launch") == 1);
    }

    /// <summary>
    /// A rank that the launcher bound to cores of its own may use all of them; ranks that are not bound share what the machine, or a
    /// container, allows each of them.
    /// </summary>
    internal static int Threads(int allowed, int ofMachine, int localRanks, bool bound) =>
        Math.Max(1, bound ? Math.Min(allowed, ofMachine / localRanks) : allowed / localRanks);

    /// <summary>Without regard to what this process is bound to.</summary>
    private static int CoresOfMachine() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").Count(line => line.StartsWith("processor\t", StringComparison.Ordinal))
        : 0;

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
}
