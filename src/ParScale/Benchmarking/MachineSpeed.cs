using ParScale.Kernels.Machine;

namespace ParScale.Benchmarking;

/// <summary>What this machine can do with all its cores, measured in about a second.</summary>
/// <param name="ReadRate">Bytes read a second, from memory that no cache holds.</param>
/// <param name="Float32Rate">float32 multiply-adds a second.</param>
/// <param name="Int8Rate">8-bit multiply-adds a second.</param>
internal sealed record MachineSpeed(double ReadRate, double Float32Rate, double Int8Rate)
{
    private const int MostThreads = 1024, Passes = 7;

    // A small machine, or a container of one, shall not be pressed for memory by being measured.
    private const long MostBytes = 512L << 20, ShareOfMemory = 8;

    /// <summary>Measures; medians of several passes.</summary>
    public static MachineSpeed Measure()
    {
        using var pool = new WorkerPool(Math.Min(Environment.ProcessorCount, MostThreads));
        using var floors = new MachineFloors(pool, Math.Min(MostBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMemory));
        for (int pass = 0; pass < Passes; pass++) floors.Measure();
        return new MachineSpeed(floors.Read.Median, floors.Float32.Median, floors.Int8.Median);
    }
}
