using System.Numerics;
using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.Ops;

/// <content>The formats that hold one float per value, f32 and bf16: products and sums in float32.</content>
internal static unsafe partial class MatMul
{
    private const int ColumnTile = 4;
    private const int RowTile = 4;

    // Below this many multiply-adds a hand-over to another thread costs more than it saves.
    private const int SmallestShare = 32 * 1024;

    private static void RunFloat<TFormat>(WeightMatrix weights, float* x, int columns, float* bias, float* y, WorkerPool pool)
        where TFormat : struct, IWeightFormat
    {
        int grain = (int)Math.Max(RowTile, SmallestShare / Math.Max(1L, (long)columns * weights.Columns));
        var job = new FloatJob<TFormat>(weights, x, columns, bias, y);
        pool.Run(ref job, weights.Rows, grain);
    }

    // The loops are compiled at full strength on their first call: a short generation would end before tiering reached them.
    private readonly struct FloatJob<TFormat>(WeightMatrix weights, float* x, int columns, float* bias, float* y) : IRangeJob
        where TFormat : struct, IWeightFormat
    {
        private readonly byte* _weights = weights.Data;
        private readonly long _rowBytes = weights.RowBytes;
        private readonly int _rows = weights.Rows;
        private readonly int _length = weights.Columns;
        private readonly float* _x = x;
        private readonly float* _bias = bias;
        private readonly float* _y = y;
        private readonly int _columns = columns;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            int row = start;
            for (; row + RowTile <= end; row += RowTile)
            {
                int column = 0;
                for (; column + ColumnTile <= _columns; column += ColumnTile)
                {
                    Tile2x4(row, column);
                    Tile2x4(row + 2, column);
                }
                for (; column < _columns; column++) Tile4x1(row, column);
            }
            for (; row < end; row++)
                for (int column = 0; column < _columns; column++) Single(row, column);
        }

        // Two rows of weights by four columns of x: eight sums in registers, six loads for eight multiply-adds.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Tile2x4(int row, int column)
        {
            byte* w0 = _weights + row * _rowBytes, w1 = w0 + _rowBytes;
            float* x0 = _x + (long)column * _length, x1 = x0 + _length, x2 = x1 + _length, x3 = x2 + _length;
            Vector<float> a0 = default, a1 = default, a2 = default, a3 = default;
            Vector<float> b0 = default, b1 = default, b2 = default, b3 = default;
            int width = Vector<float>.Count, k = 0;
            for (; k <= _length - 2 * width; k += 2 * width)
            {
                TFormat.LoadPair(w0, k, out Vector<float> low0, out Vector<float> high0);
                TFormat.LoadPair(w1, k, out Vector<float> low1, out Vector<float> high1);
                AddProducts(x0 + k, low0, high0, low1, high1, ref a0, ref b0);
                AddProducts(x1 + k, low0, high0, low1, high1, ref a1, ref b1);
                AddProducts(x2 + k, low0, high0, low1, high1, ref a2, ref b2);
                AddProducts(x3 + k, low0, high0, low1, high1, ref a3, ref b3);
            }
            Store(row, column, Vector.Sum(a0) + Tail(w0, x0, k));
            Store(row, column + 1, Vector.Sum(a1) + Tail(w0, x1, k));
            Store(row, column + 2, Vector.Sum(a2) + Tail(w0, x2, k));
            Store(row, column + 3, Vector.Sum(a3) + Tail(w0, x3, k));
            Store(row + 1, column, Vector.Sum(b0) + Tail(w1, x0, k));
            Store(row + 1, column + 1, Vector.Sum(b1) + Tail(w1, x1, k));
            Store(row + 1, column + 2, Vector.Sum(b2) + Tail(w1, x2, k));
            Store(row + 1, column + 3, Vector.Sum(b3) + Tail(w1, x3, k));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void AddProducts(
            float* x, Vector<float> low0, Vector<float> high0, Vector<float> low1, Vector<float> high1,
            ref Vector<float> a, ref Vector<float> b)
        {
            var low = Vector.Load(x);
            var high = Vector.Load(x + Vector<float>.Count);
            a = Vector.MultiplyAddEstimate(high, high0, Vector.MultiplyAddEstimate(low, low0, a));
            b = Vector.MultiplyAddEstimate(high, high1, Vector.MultiplyAddEstimate(low, low1, b));
        }

        // Four rows by one column: the columns left over, and all of a decode step with few streams.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Tile4x1(int row, int column)
        {
            byte* w0 = _weights + row * _rowBytes, w1 = w0 + _rowBytes, w2 = w1 + _rowBytes, w3 = w2 + _rowBytes;
            float* x = _x + (long)column * _length;
            Vector<float> a0 = default, a1 = default, a2 = default, a3 = default;
            int width = Vector<float>.Count, k = 0;
            for (; k <= _length - 2 * width; k += 2 * width)
            {
                var low = Vector.Load(x + k);
                var high = Vector.Load(x + k + width);
                AddProduct(w0, k, low, high, ref a0);
                AddProduct(w1, k, low, high, ref a1);
                AddProduct(w2, k, low, high, ref a2);
                AddProduct(w3, k, low, high, ref a3);
            }
            Store(row, column, Vector.Sum(a0) + Tail(w0, x, k));
            Store(row + 1, column, Vector.Sum(a1) + Tail(w1, x, k));
            Store(row + 2, column, Vector.Sum(a2) + Tail(w2, x, k));
            Store(row + 3, column, Vector.Sum(a3) + Tail(w3, x, k));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Single(int row, int column)
        {
            byte* w = _weights + row * _rowBytes;
            float* x = _x + (long)column * _length;
            Vector<float> sum = default;
            int width = Vector<float>.Count, k = 0;
            for (; k <= _length - 2 * width; k += 2 * width) AddProduct(w, k, Vector.Load(x + k), Vector.Load(x + k + width), ref sum);
            Store(row, column, Vector.Sum(sum) + Tail(w, x, k));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void AddProduct(byte* w, int k, Vector<float> low, Vector<float> high, ref Vector<float> sum)
        {
            TFormat.LoadPair(w, k, out Vector<float> lowWeights, out Vector<float> highWeights);
            sum = Vector.MultiplyAddEstimate(high, highWeights, Vector.MultiplyAddEstimate(low, lowWeights, sum));
        }

        private float Tail(byte* w, float* x, int from)
        {
            float sum = 0;
            for (int k = from; k < _length; k++) sum += TFormat.Load(w, k) * x[k];
            return sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Store(int row, int column, float sum) =>
            _y[(long)column * _rows + row] = _bias == null ? sum : sum + _bias[row];
    }
}
