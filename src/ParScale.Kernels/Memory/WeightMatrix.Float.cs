using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Memory;

/// <content>Rows of one float per value: F32 and Bf16.</content>
internal sealed unsafe partial class WeightMatrix
{
    private byte* Row(int row) => Data + row * RowBytes;

    private void LoadRow(int row, Span<float> y)
    {
        fixed (float* to = y) WeightFormats.RunFloat(Type, new RowLoad(Row(row), to, y.Length));
    }

    private void StoreRow(int row, ReadOnlySpan<float> values)
    {
        fixed (float* from = values) WeightFormats.RunFloat(Type, new RowStore(from, Row(row), values.Length));
    }

    private readonly struct RowLoad(byte* row, float* y, int count) : IFloatFormatKernel
    {
        public void Run<TFormat>() where TFormat : struct, IFloatFormat => Simd.Run(new RowLoad<TFormat>(row, y, count));
    }

    private readonly struct RowLoad<TFormat>(byte* row, float* y, int count) : ISimdKernel where TFormat : struct, IFloatFormat
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
        {
            byte* from = row;
            float* to = y;
            int i = 0, length = count;
            for (; i <= length - TSimd.Count; i += TSimd.Count)
                TSimd.Store(TFormat.LoadInOrder<TSimd, TFloat, TInt>(from + (nint)i * TFormat.BytesPerValue), to + i);
            for (; i < length; i++) to[i] = TFormat.Load(from, i);
        }
    }

    private readonly struct RowStore(float* values, byte* row, int count) : IFloatFormatKernel
    {
        public void Run<TFormat>() where TFormat : struct, IFloatFormat
        {
            for (int i = 0; i < count; i++) TFormat.Store(row, i, values[i]);
        }
    }
}
