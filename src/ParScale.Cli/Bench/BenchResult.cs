using ParScale.Cli.Cost;

namespace ParScale.Cli.Bench;

/// <summary>The JSON of <c>parscale bench</c>. G is 1e9, times are milliseconds.</summary>
/// <param name="Machine">What it ran on.</param>
/// <param name="Model">What was measured.</param>
/// <param name="Floors">What the machine can do, measured between the rows.</param>
/// <param name="Rows">One for every combination of dtype, streams and context.</param>
internal sealed record BenchResult(BenchMachine Machine, BenchModelInfo Model, BenchFloors Floors, IReadOnlyList<BenchRow> Rows);

/// <summary>The machine.</summary>
/// <param name="Cpu">The processor's name.</param>
/// <param name="Cores">Logical processors.</param>
/// <param name="Threads">Threads used.</param>
/// <param name="MemoryBytes">Memory of the machine, or of the container.</param>
/// <param name="Os">Operating system.</param>
/// <param name="Runtime">.NET runtime.</param>
/// <param name="Kernels">Instructions used, per dtype.</param>
internal sealed record BenchMachine(
    string Cpu, int Cores, int Threads, long MemoryBytes, string Os, string Runtime, IReadOnlyDictionary<string, string> Kernels);

/// <summary>The model.</summary>
/// <param name="Name">Shape or folder.</param>
/// <param name="Parameters">Parameters of the shape with P = 1, or of the checkpoint.</param>
/// <param name="Random">True for random weights.</param>
internal sealed record BenchModelInfo(string Name, long Parameters, bool Random);

/// <summary>Speeds of the machine with all threads: medians, and the best of all passes.</summary>
/// <param name="ReadGbS">Reading memory, GB/s.</param>
/// <param name="Int8GmacS">8-bit multiply-adds, G/s.</param>
/// <param name="F32GmacS">float32 multiply-adds, G/s.</param>
internal sealed record BenchFloors(
    double ReadGbS,
    double Int8GmacS,
    double F32GmacS)
{
    public required double ReadGbSBest { get; init; }

    public required double Int8GmacSBest { get; init; }

    public required double F32GmacSBest { get; init; }

    /// <summary>Passes measured.</summary>
    public required int Passes { get; init; }

    /// <summary>The product kernels that the rows use.</summary>
    public required IReadOnlyList<ProductFigure> Products { get; init; }
}
