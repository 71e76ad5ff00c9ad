using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Assembly;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// Generated machine code of the float kernels in 256-bit vectors, written for each type, number of rows and amount of fetching when it is
/// first needed.
/// </summary>
internal static unsafe class AssembledFloatTile
{
    /// <summary>Fewer rows take both halves of the lanes in one pass, in C#.</summary>
    public const int LeastRows = 3;

    /// <summary>As many rows as sixteen registers hold sums for.</summary>
    public const int MostRows = 4;

    // One fetch for each line of 32 values of three f32 rows.
    private const int MostFetches = 6;

    private static readonly PublishedCode Codes = new(Enum.GetValues<WeightDtype>().Length * (MostRows + 1) * (MostFetches + 1));

    /// <summary>Whether the processor has AVX2 with FMA.</summary>
    public static bool HasInstructions => Avx2.IsSupported && Fma.IsSupported;

    /// <summary>Whether that can be used.</summary>
    public static bool IsSupported { get; } = HasInstructions && AssembledKernel.IsAllowed;

    /// <summary>The code of <see cref="FloatTileCode.Write"/>.</summary>
    public static delegate* unmanaged[Cdecl]<FloatTileArgs*, void> Code(WeightDtype type, int rows, int fetches) =>
        (delegate* unmanaged[Cdecl]<FloatTileArgs*, void>)Codes.Get(
            ((int)type * (MostRows + 1) + rows) * (MostFetches + 1) + fetches,
            (type, rows, fetches),
            static what => FloatTileCode.Write(what.type, what.rows, what.fetches));
}
