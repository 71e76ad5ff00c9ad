using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;

namespace ParScale.Benchmarking;

/// <summary>What this machine can do with all its cores, measured in about a second.</summary>
/// <param name="ReadRate">Bytes read a second, from memory that no cache holds.</param>
/// <param name="Float32Rate">float32 multiply-adds a second.</param>
/// <param name="Int8Rate">8-bit multiply-adds a second.</param>
/// <param name="Products">Multiply-adds a second in the product kernels, for every type of weights and several numbers of rows.</param>
internal sealed record MachineSpeed(double ReadRate, double Float32Rate, double Int8Rate, IReadOnlyList<ProductFloor> Products)
{
    // Kernels are made for 1 to 8 rows; the last number stands for prompts.
    private static readonly int[] Rows = [1, 2, 4, 8, ProductRate.MostRows];

    private const int MostThreads = 1024, Passes = 7;

    // A small machine, or a container of one, shall not be pressed for memory by being measured.
    private const long MostBytes = 512L << 20, ShareOfMemory = 8;

    /// <summary>Measures; medians of several passes.</summary>
    public static MachineSpeed Measure()
    {
        using var pool = new WorkerPool(Math.Min(Environment.ProcessorCount, MostThreads));
        using var floors = new MachineFloors(pool, Math.Min(MostBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMemory));
        floors.Begin(from type in Enum.GetValues<WeightDtype>() from rows in Rows select new ProductCase(type, rows));
        for (int pass = 0; pass < Passes; pass++) floors.Measure();
        return new MachineSpeed(floors.Read.Median, floors.Float32.Median, floors.Int8.Median, floors.Products);
    }
}
