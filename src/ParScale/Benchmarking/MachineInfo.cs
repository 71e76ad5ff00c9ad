using System.Runtime.InteropServices;
using ParScale.Kernels;
using ParScale.Kernels.Formats;

namespace ParScale.Benchmarking;

/// <summary>What a run was measured on.</summary>
/// <param name="Processor">Its name, as the system gives it.</param>
/// <param name="Cores">Logical processors that this process may use.</param>
/// <param name="MemoryBytes">Memory that this process may use.</param>
/// <param name="System">The operating system.</param>
/// <param name="Runtime">The .NET runtime.</param>
/// <param name="Kernels">The instructions of the kernels, per type of weights.</param>
internal sealed record MachineInfo(
    string Processor, int Cores, long MemoryBytes, string System, string Runtime, IReadOnlyDictionary<string, string> Kernels)
{
    /// <summary>This machine.</summary>
    public static MachineInfo Here() => new(
        ProcessorName(), Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription,
        Enum.GetValues<WeightDtype>().ToDictionary(type => type.ToString().ToLowerInvariant(), KernelTier.NameFor));

    private static string ProcessorName()
    {
        const string list = "/proc/cpuinfo", key = "model name";
        if (File.Exists(list) && File.ReadLines(list).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) is { } line)
            return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
