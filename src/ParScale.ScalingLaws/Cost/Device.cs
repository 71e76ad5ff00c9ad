using ParScale.Kernels.Formats;

namespace ParScale.ScalingLaws.Cost;

/// <summary>
/// A machine for the roofline: what it can do at best, and the share of that which a program reaches. Arithmetic is in
/// multiply-adds a second, half of what data sheets call operations.
/// </summary>
public sealed record Device
{
    /// <summary>The name to give, such as <c>a100</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The name to print.</summary>
    public required string Title { get; init; }

    /// <summary>Where the figures are from.</summary>
    public required string Source { get; init; }

    /// <summary>Memory of the machine, bytes.</summary>
    public required double MemoryBytes { get; init; }

    /// <summary>Reading memory, bytes a second.</summary>
    public required double ReadRate { get; init; }

    /// <summary>float32 multiply-adds a second.</summary>
    public required double Float32Rate { get; init; }

    /// <summary>bfloat16 multiply-adds a second; that of float32 where products are made in float32.</summary>
    public required double Bf16Rate { get; init; }

    /// <summary>8-bit multiply-adds a second.</summary>
    public required double Int8Rate { get; init; }

    /// <summary>Share of <see cref="ReadRate"/> that is reached, 0 to 1.</summary>
    public required double ReadEfficiency { get; init; }

    /// <summary>Share of the multiply-adds that is reached, 0 to 1.</summary>
    public required double ComputeEfficiency { get; init; }

    /// <summary>Rows (tokens times streams) that one pass through the layers takes; longer prompts take several passes.</summary>
    public required int PassRows { get; init; }

    /// <summary>
    /// How much reading and multiplying hide behind each other: a part takes (read^n + multiply^n)^(1/n). The roofline of
    /// textbooks, the slower of the two alone, is infinity; at 2 the corner between them is round.
    /// </summary>
    public double Overlap { get; init; } = double.PositiveInfinity;

    /// <summary>Seconds of each layer that are neither reading nor multiplying: threads that start and meet.</summary>
    public double LayerSeconds { get; init; }

    /// <summary>Seconds of each shader that a graphics card runs, with the wait for the one before it; 0 where none is counted.</summary>
    public double DispatchSeconds { get; init; }

    /// <summary>Shaders of each layer of a pass.</summary>
    public int LayerDispatches { get; init; }

    /// <summary>Shaders of a pass beside those of its layers.</summary>
    public int PassDispatches { get; init; }

    /// <summary>Bytes of the process beside the model.</summary>
    public double RuntimeBytes { get; init; }

    /// <summary>What the engine's product kernels were measured to do here, apart from reading; null where only the machine's peaks are known.</summary>
    public ProductRates? Products { get; init; }

    /// <summary>Share of <see cref="Products"/> that is reached in a whole pass, 0 to 1.</summary>
    public double ProductEfficiency { get; init; } = 1;

    /// <summary>Multiply-adds a second that products of a number of rows with weights of a format reach: measured ones where there are any.</summary>
    public double ProductRate(WeightDtype format, double rows) => Products?.RateFor(format, rows) * ProductEfficiency ?? ProductRate(format);

    /// <summary>The share of the machine's peak that products with weights of a format reach, multiply-adds a second.</summary>
    public double ProductRate(WeightDtype format) => ComputeEfficiency * format switch
    {
        WeightDtype.F32 => Float32Rate,
        WeightDtype.Bf16 => Bf16Rate,
        WeightDtype.Q8 or WeightDtype.Q4 => Int8Rate,
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>Bytes a second that reading reaches.</summary>
    public double ReadReached => ReadRate * ReadEfficiency;
}
