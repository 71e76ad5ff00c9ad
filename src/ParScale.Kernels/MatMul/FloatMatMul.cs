using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.MatMul;

/// <content>
/// The formats that hold one float per value, f32 and bf16: products and sums in float32. Lane i of a vector adds the
/// products of one in every so many values along k, and the lanes are added at the end: the same for every tile.
/// </content>
internal static unsafe partial class FloatMatMul
{
    private const int OutputTile = 3;

    // Beyond this many rows the products take far longer than reading the weights again: x is packed in parts.
    private const int MostPacked = 256;

    // Fewer multiply-adds than this take about two microseconds, and a hand-over to another thread costs one.
    private const int SmallestJob = 96 * 1024;

    // What is left at the end is shared in pieces of this many multiply-adds.
    private const int SmallestShare = 24 * 1024;

    // Packed rows of the calling thread's last product, kept so that a decode step allocates nothing.
    [ThreadStatic]
    private static AlignedBuffer? t_packed;

    /// <summary>Bits of the vectors that float weights are multiplied in; 32 where the machine has none.</summary>
    internal static int Bits =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 32;

    // 32 registers hold the sums of 3 x 8 outputs, 16 those of 3 x 4.
    private static int RowTile => Vector512.IsHardwareAccelerated || AdvSimd.Arm64.IsSupported ? 8 : 4;

    public static void Run<TFormat>(WeightMatrix weights, float* x, int rows, float* bias, float* y, WorkerPool pool)
        where TFormat : struct, IFloatFormat
    {
        for (int row = 0; row < rows; row += MostPacked)
        {
            int part = Math.Min(MostPacked, rows - row);
            float* from = x + (long)row * weights.Columns, to = y + (long)row * weights.Rows;
            if (Vector512.IsHardwareAccelerated) RunPart<TFormat, Lanes512, Vector512<float>>(weights, from, part, bias, to, pool);
            else if (Vector256.IsHardwareAccelerated) RunPart<TFormat, Lanes256, Vector256<float>>(weights, from, part, bias, to, pool);
            else if (Vector128.IsHardwareAccelerated) RunPart<TFormat, Lanes128, Vector128<float>>(weights, from, part, bias, to, pool);
            else RunPart<TFormat, Lanes1, float>(weights, from, part, bias, to, pool);
        }
    }

    private static void RunPart<TFormat, TLanes, TVector>(
        WeightMatrix weights, float* x, int rows, float* bias, float* y, WorkerPool pool)
        where TFormat : struct, IFloatFormat
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int chunk = 2 * TLanes.Count;
        long padded = (weights.Columns + chunk - 1L) / chunk * chunk;
        float* packed = Packed(padded * rows);
        var pack = new PackJob<TFormat, TLanes, TVector>(x, weights.Columns, rows, padded, packed);
        int panels = (rows + RowTile - 1) / RowTile;
        if (panels == 1) pack.Run(0, 1);
        else pool.Run(ref pack, panels, (int)Math.Max(1, SmallestShare / (RowTile * padded)));

        long products = rows * padded;
        var job = new Job<TFormat, TLanes, TVector>(weights, packed, padded, rows, bias, y);
        if (products * weights.Rows < SmallestJob) job.Run(0, weights.Rows);
        else pool.Run(ref job, weights.Rows, (int)Math.Max(OutputTile, SmallestShare / products / OutputTile * OutputTile));
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
