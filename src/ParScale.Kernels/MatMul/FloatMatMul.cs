using System.Runtime.Intrinsics.Arm;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.MatMul;

/// <summary>
/// The formats that hold one float per value, f32 and bf16: products and sums in float32. Lane i of 16 adds the products of one
/// in every 16 values along k, and the lanes are added at the end: the same for every tile and, where the machine multiplies
/// and adds in one rounding, every width of vectors. Narrow ones take several passes over a tile, some of the lanes each.
/// </summary>
internal static unsafe partial class FloatMatMul
{
    private const int OutputTile = 3;

    // Values along k that a tile takes at once: a pair of vectors of the widest kind.
    private const int Chunk = 2 * Simd.Lanes;

    // Beyond this many rows the products take far longer than reading the weights again: x is packed in parts.
    private const int MostPacked = 256;

    // Fewer multiply-adds than this take about two microseconds, and a hand-over to another thread costs one.
    private const int SmallestJob = 96 * 1024;

    // What is left at the end is shared in pieces of this many multiply-adds.
    private const int SmallestShare = 24 * 1024;

    // Packed rows of the calling thread's last product, kept so that a decode step allocates nothing.
    [ThreadStatic]
    private static AlignedBuffer? t_packed;

    // 32 registers hold the sums of 3 x 8 outputs, 16 those of 3 x 4.
    private static int RowTile(int lanes) => lanes == Simd.Lanes || AdvSimd.Arm64.IsSupported ? 8 : 4;

    // In wider vectors the compiler has registers enough.
    private static bool IsGenerated(int lanes) => lanes == Simd256.Count && AssembledFloatTile.IsSupported;

    /// <summary>x: [R, K]; bias: [N] or null; y: [R, N].</summary>
    public static void Run(WeightMatrix weights, float* x, int rows, float* bias, float* y, WorkerPool pool) =>
        WeightFormats.RunFloat(weights.Type, new Product(weights, x, rows, bias, y, pool));

    private readonly struct Product(WeightMatrix weights, float* x, int rows, float* bias, float* y, WorkerPool pool) : IFloatFormatKernel
    {
        public void Run<TFormat>() where TFormat : struct, IFloatFormat => Simd.Run(new Product<TFormat>(weights, x, rows, bias, y, pool));
    }

    /// <summary>One product in the vectors of one width. Intrinsics: without generated code, although the system allows it.</summary>
    internal readonly struct Product<TFormat>(
        WeightMatrix weights, float* x, int rows, float* bias, float* y, WorkerPool pool, bool intrinsics = false) : ISimdKernel
        where TFormat : struct, IFloatFormat
    {
        public void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
        {
            for (int row = 0; row < rows; row += MostPacked)
            {
                RunPart<TSimd, TFloat, TInt>(
                    x + (long)row * weights.Columns, Math.Min(MostPacked, rows - row), y + (long)row * weights.Rows);
            }
        }

        private void RunPart<TSimd, TFloat, TInt>(float* x, int rows, float* y)
            where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
        {
            long padded = (weights.Columns + Chunk - 1L) / Chunk * Chunk;
            float* packed = Packed(padded * rows);
            var pack = new PackJob<TFormat, TSimd, TFloat, TInt>(x, weights.Columns, rows, padded, packed);
            int tile = RowTile(TSimd.Count), panels = (rows + tile - 1) / tile;
            if (panels == 1) pack.Run(0, 1);
            else pool.Run(ref pack, panels, (int)Math.Max(1, SmallestShare / (tile * padded)));

            long products = rows * padded;
            var job = new Job<TFormat, TSimd, TFloat, TInt>(weights, packed, padded, rows, bias, y, !intrinsics && IsGenerated(TSimd.Count));
            if (products * weights.Rows < SmallestJob) job.Run(0, weights.Rows);
            else pool.Run(ref job, weights.Rows, (int)Math.Max(OutputTile, SmallestShare / products / OutputTile * OutputTile));
        }
    }

    private static float* Packed(long values)
    {
        if (t_packed == null || t_packed.Length < values * sizeof(float))
        {
            t_packed?.Dispose();
            t_packed = new AlignedBuffer(values * sizeof(float));
        }
        return (float*)t_packed.Start;
    }
}
