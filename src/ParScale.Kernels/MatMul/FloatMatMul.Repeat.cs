using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.MatMul;

/// <content>One product again and again, for those who measure the kernel alone.</content>
internal static unsafe partial class FloatMatMul
{
    /// <summary>Packs x once, then multiplies <paramref name="times"/> times on the calling thread. x: [R, K]; y: [R, N].</summary>
    public static void Repeat(WeightMatrix weights, float* x, int rows, float* y, int times) =>
        WeightFormats.RunFloat(weights.Type, new Repetition(weights, x, rows, y, times));

    /// <summary>Whether a product of so many rows goes from block to block of outputs, not from tile to tile.</summary>
    public static bool UsesBlocks(int rows)
    {
        int lanes = Simd.Bits / 32;
        return rows > RowTile(lanes) || (IsGenerated(lanes) && rows >= AssembledFloatTile.LeastRows);
    }

    private readonly struct Repetition(WeightMatrix weights, float* x, int rows, float* y, int times) : IFloatFormatKernel
    {
        public void Run<TFormat>() where TFormat : struct, IFloatFormat => Simd.Run(new Repetition<TFormat>(weights, x, rows, y, times));
    }

    private readonly struct Repetition<TFormat>(WeightMatrix weights, float* x, int rows, float* y, int times) : ISimdKernel
        where TFormat : struct, IFloatFormat
    {
        public void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
        {
            long padded = (weights.Columns + Chunk - 1L) / Chunk * Chunk;
            int tile = RowTile(TSimd.Count);
            float* packed = Packed(padded * rows);
            new PackJob<TFormat, TSimd, TFloat, TInt>(x, weights.Columns, rows, padded, packed).Run(0, (rows + tile - 1) / tile);
            var job = new Job<TFormat, TSimd, TFloat, TInt>(weights, packed, padded, rows, null, y, IsGenerated(TSimd.Count));
            for (int i = 0; i < times; i++) job.Run(0, weights.Rows);
        }
    }
}
