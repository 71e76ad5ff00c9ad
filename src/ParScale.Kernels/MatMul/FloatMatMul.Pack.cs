using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.MatMul;

/// <content>
/// Packing of x for the float kernels: panels of a few rows of x, in a panel the chunks of two times 16 values along k one after
/// another, in a chunk the first 16 of every row and then the second. A tile walks through a panel straight on.
/// What a chunk lacks at the end of a row is zero.
/// </content>
internal static unsafe partial class FloatMatMul
{
    // One item is one panel.
    private readonly struct PackJob<TFormat, TSimd, TFloat, TInt>(float* x, int length, int rows, long padded, float* packed) : IRangeJob
        where TFormat : struct, IFloatFormat
        where TSimd : struct, ISimd<TFloat, TInt>
        where TFloat : struct
        where TInt : struct
    {
        public void Run(int start, int end)
        {
            int tile = RowTile(TSimd.Count);
            for (int panel = start; panel < end; panel++)
            {
                int first = panel * tile, count = Math.Min(tile, rows - first);
                for (int r = 0; r < count; r++)
                    Pack(x + (long)(first + r) * length, packed + first * padded + r * Simd.Lanes, count * Simd.Lanes);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Pack(float* from, float* to, int half)
        {
            int k = 0;
            for (; k <= length - Chunk; k += Chunk, to += 2 * half) PackChunk(from + k, to, to + half);
            if (k == length) return;
            float* rest = stackalloc float[Chunk];
            for (int i = 0; i < Chunk; i++) rest[i] = k + i < length ? from[k + i] : 0;
            PackChunk(rest, to, to + half);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void PackChunk(float* from, float* first, float* second)
        {
            for (int lane = 0; lane < Simd.Lanes; lane += TSimd.Count)
            {
                float* low = from + (TFormat.Deinterleaved ? 2 * lane : lane), high = low + (TFormat.Deinterleaved ? TSimd.Count : Simd.Lanes);
                TFloat a = TSimd.Load(low), b = TSimd.Load(high);
                if (TFormat.Deinterleaved) TSimd.Deinterleave(a, b, out a, out b);
                TSimd.Store(a, first + lane);
                TSimd.Store(b, second + lane);
            }
        }
    }
}
