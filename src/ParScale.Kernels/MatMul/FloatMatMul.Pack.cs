using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.MatMul;

/// <content>
/// Packing of x for the float kernels: panels of a few rows of x, in a panel the chunks of two vectors along k one after
/// another, in a chunk the first vector of every row and then the second. A tile walks through a panel straight on.
/// What a chunk lacks at the end of a row is zero.
/// </content>
internal static unsafe partial class FloatMatMul
{
    // One item is one panel.
    private readonly struct PackJob<TFormat, TLanes, TVector>(float* x, int length, int rows, long padded, float* packed) : IRangeJob
        where TFormat : struct, IFloatFormat
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        public void Run(int start, int end)
        {
            for (int panel = start; panel < end; panel++)
            {
                int first = panel * RowTile, count = Math.Min(RowTile, rows - first);
                for (int r = 0; r < count; r++)
                    Pack(x + (long)(first + r) * length, packed + first * padded + r * TLanes.Count, count * TLanes.Count);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Pack(float* from, float* to, int half)
        {
            int chunk = 2 * TLanes.Count, k = 0;
            for (; k <= length - chunk; k += chunk, to += 2 * half) TLanes.Deinterleave<TFormat>(from + k, to, to + half);
            if (k == length) return;
            float* rest = stackalloc float[chunk];
            for (int i = 0; i < chunk; i++) rest[i] = k + i < length ? from[k + i] : 0;
            TLanes.Deinterleave<TFormat>(rest, to, to + half);
        }
    }
}
