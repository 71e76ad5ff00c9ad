using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// The block-quantized product in C# intrinsics, for any number of rows: per group, integer sums in registers, four vectors of outputs
/// by one or two rows or two by four; then one multiply-add per group into the float sums. A group's codes stay in the
/// first-level cache while the rows pass. Every tier adds in this order, so all give the same bits.
/// </summary>
internal sealed unsafe partial class VectorKernel<TBytes, TNibbles, TVector>(string name, ActivationLayout layoutOfBytes) : IQuantizedKernel
    where TBytes : struct, IProductStep<TVector>
    where TNibbles : struct, IProductStep<TVector>
    where TVector : struct
{
    private const int TileRows = QuantizedLayout.TileRows;

    public string Name => name;

    public ActivationLayout Layout(WeightDtype type) => IsBytes(type) ? layoutOfBytes : ActivationLayout.Bytes;

    public void Run(WeightDtype type, QuantizedMatMulArgs* args, int rows)
    {
        if (IsBytes(type)) Tiles<TBytes>(args, rows);
        else Tiles<TNibbles>(args, rows);
    }

    private static bool IsBytes(WeightDtype type) => WeightFormats.Numbers(type).ValuesPerByte == 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tiles<TStep>(QuantizedMatMulArgs* args, int rows) where TStep : struct, IProductStep<TVector>
    {
        float* sums = stackalloc float[rows * TileRows];
        byte* ahead = args->Prefetch;
        for (nint tile = 0; tile < args->Tiles; tile++)
        {
            byte* weights = args->Weights + tile * args->WeightStride;
            ushort* scales = (ushort*)((byte*)args->Scales + tile * args->ScaleStride);
            new Span<float>(sums, rows * TileRows).Clear();
            for (nint group = 0; group < args->Groups; group++)
            {
                sbyte* x = args->X + group * TStep.RowBytes * rows;
                AddGroup<TStep>(weights, scales, x, args->XGroups + group * rows, rows, sums, ahead, args->PrefetchStep);
                weights += TStep.Steps * QuantizedLayout.StepBytes;
                scales += TileRows;
                ahead += TStep.Steps * args->PrefetchStep;
            }
            for (int row = 0; row < rows; row++)
            {
                float* y = (float*)((byte*)args->Y + row * args->YStride) + tile * TileRows;
                new ReadOnlySpan<float>(sums + row * TileRows, TileRows).CopyTo(new Span<float>(y, TileRows));
            }
        }
    }

    // The first rows ask for the weights ahead.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGroup<TStep>(
        byte* weights, ushort* scales, sbyte* x, ActivationGroup* groups, int rows, float* sums, byte* ahead, nint aheadStep)
        where TStep : struct, IProductStep<TVector>
    {
        int row = 0;
        for (; row + 4 <= rows; row += 4)
        {
            for (int output = 0; output < TileRows; output += 2 * TStep.Lanes)
            {
                byte* from = row == 0 ? Ahead(output, 2) : weights;
                Four<TStep>(weights + output * 4, scales + output, x, groups, sums + output, from, aheadStep * 2 * TStep.Lanes / TileRows);
            }
            Next(4);
        }
        for (; row < rows; row += 2)
        {
            int count = Math.Min(2, rows - row);
            for (int output = 0; output < TileRows; output += 4 * TStep.Lanes)
            {
                byte* from = row == 0 ? Ahead(output, 4) : weights;
                nint step = aheadStep * 4 * TStep.Lanes / TileRows;
                if (count == 2) Two<TStep>(weights + output * 4, scales + output, x, groups, sums + output, from, step);
                else One<TStep>(weights + output * 4, scales + output, x, groups, sums + output, from, step);
            }
            Next(count);
        }

        byte* Ahead(int output, int vectors) =>
            ahead + output / (vectors * TStep.Lanes) * (TStep.Steps * (aheadStep * vectors * TStep.Lanes / TileRows));

        void Next(int count)
        {
            x += count * TStep.RowBytes;
            groups += count;
            sums += count * TileRows;
        }
    }
}
