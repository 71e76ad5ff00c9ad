using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.MatMul;

/// <content>
/// Packing of x for the float kernels: panels of a few columns, in a panel the chunks of two vectors along k one after
/// another, in a chunk the first vector of every column and then the second. A tile walks through a panel straight on.
/// What a chunk lacks at the end of a row is zero.
/// </content>
internal static unsafe partial class FloatMatMul
{
    // One item is one panel.
    private readonly struct PackJob<TFormat, TLanes, TVector>(float* x, int length, int columns, long padded, float* packed) : IRangeJob
        where TFormat : struct, IWeightFormat
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        public void Run(int start, int end)
        {
            for (int panel = start; panel < end; panel++)
            {
                int first = panel * ColumnTile, count = Math.Min(ColumnTile, columns - first);
                for (int c = 0; c < count; c++)
                    Pack(x + (long)(first + c) * length, packed + first * padded + c * TLanes.Count, count * TLanes.Count);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Pack(float* from, float* to, int half)
        {
            int chunk = 2 * TLanes.Count, k = 0;
            for (; k <= length - chunk; k += chunk, to += 2 * half) TLanes.Deal<TFormat>(from + k, to, to + half);
            if (k == length) return;
            float* rest = stackalloc float[chunk];
            for (int i = 0; i < chunk; i++) rest[i] = k + i < length ? from[k + i] : 0;
            TLanes.Deal<TFormat>(rest, to, to + half);
        }
    }
}
