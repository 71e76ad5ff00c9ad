using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// The block-quantized product in C# intrinsics, for any number of rows: per group, integer sums in registers, two vectors of outputs by
/// four rows at a time; then one multiply-add per group into the float sums. A group's codes stay in the first-level cache
/// while the rows pass. Every tier adds in this order, so all give the same bits.
/// </summary>
internal sealed unsafe class VectorKernel<TTier, TVector>(string name) : IQuantizedKernel
    where TTier : struct, IDotTier<TVector>
    where TVector : struct
{
    private const int TileRows = QuantizedLayout.TileRows;

    public string Name => name;

    public void Run(WeightDtype type, QuantizedMatMulArgs* args, int rows) => WeightFormats.RunQuantized(type, new AllTiles(args, rows));

    private readonly struct AllTiles(QuantizedMatMulArgs* args, int rows) : IQuantizedFormatKernel
    {
        public void Run<TFormat>() where TFormat : struct, IQuantizedFormat => Tiles<TFormat>(args, rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tiles<TFormat>(QuantizedMatMulArgs* args, int rows) where TFormat : struct, IQuantizedFormat
    {
        float* sums = stackalloc float[rows * TileRows];
        for (nint tile = 0; tile < args->Tiles; tile++)
        {
            byte* weights = args->Weights + tile * args->WeightStride;
            ushort* scales = (ushort*)((byte*)args->Scales + tile * args->ScaleStride);
            new Span<float>(sums, rows * TileRows).Clear();
            for (nint group = 0; group < args->Groups; group++)
            {
                AddGroup<TFormat>(weights, scales, args->X + group * TFormat.GroupSize * rows,
                    args->XGroups + group * rows, rows, sums);
                weights += TFormat.GroupSize * TileRows / TFormat.ValuesPerByte;
                scales += TileRows;
            }
            for (int row = 0; row < rows; row++)
            {
                float* y = (float*)((byte*)args->Y + row * args->YStride) + tile * TileRows;
                new ReadOnlySpan<float>(sums + row * TileRows, TileRows).CopyTo(new Span<float>(y, TileRows));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGroup<TFormat>(byte* weights, ushort* scales, sbyte* x, ActivationGroup* groups, int rows, float* sums)
        where TFormat : struct, IQuantizedFormat
    {
        for (int output = 0; output < TileRows; output += 2 * TTier.Lanes)
        {
            byte* w = weights + output * 4;
            int row = 0;
            for (; row + 4 <= rows; row += 4)
                Four<TFormat>(w, scales + output, x + row * TFormat.GroupSize, groups + row, sums + row * TileRows + output);
            for (; row < rows; row++)
                One<TFormat>(w, scales + output, x + row * TFormat.GroupSize, groups + row, sums + row * TileRows + output);
        }
    }

    // Two vectors of outputs by four rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four<TFormat>(byte* w, ushort* scales, sbyte* x, ActivationGroup* groups, float* sums)
        where TFormat : struct, IQuantizedFormat
    {
        TVector a0 = Start<TFormat>(groups[0].Start), a1 = Start<TFormat>(groups[1].Start);
        TVector a2 = Start<TFormat>(groups[2].Start), a3 = Start<TFormat>(groups[3].Start);
        TVector b0 = a0, b1 = a1, b2 = a2, b3 = a3;
        for (int k = 0; k < TFormat.GroupSize; k += 4 * TFormat.ValuesPerByte)
        {
            Load<TFormat>(w, out TVector first, out TVector nextFirst);
            Load<TFormat>(w + TTier.Lanes * 4, out TVector second, out TVector nextSecond);
            Add(first, second, x, 0, ref a0, ref b0);
            Add(first, second, x, TFormat.GroupSize, ref a1, ref b1);
            Add(first, second, x, 2 * TFormat.GroupSize, ref a2, ref b2);
            Add(first, second, x, 3 * TFormat.GroupSize, ref a3, ref b3);
            x += 4;
            w += TileRows * 4;
            if (TFormat.ValuesPerByte == 1) continue;
            Add(nextFirst, nextSecond, x, 0, ref a0, ref b0);
            Add(nextFirst, nextSecond, x, TFormat.GroupSize, ref a1, ref b1);
            Add(nextFirst, nextSecond, x, 2 * TFormat.GroupSize, ref a2, ref b2);
            Add(nextFirst, nextSecond, x, 3 * TFormat.GroupSize, ref a3, ref b3);
            x += 4;
        }
        Store(a0, b0, scales, groups[0].Scale, sums);
        Store(a1, b1, scales, groups[1].Scale, sums + TileRows);
        Store(a2, b2, scales, groups[2].Scale, sums + 2 * TileRows);
        Store(a3, b3, scales, groups[3].Scale, sums + 3 * TileRows);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TFormat>(byte* w, ushort* scales, sbyte* x, ActivationGroup* group, float* sums)
        where TFormat : struct, IQuantizedFormat
    {
        TVector a = Start<TFormat>(group->Start), b = a;
        for (int k = 0; k < TFormat.GroupSize; k += 4 * TFormat.ValuesPerByte)
        {
            Load<TFormat>(w, out TVector first, out TVector nextFirst);
            Load<TFormat>(w + TTier.Lanes * 4, out TVector second, out TVector nextSecond);
            Add(first, second, x, 0, ref a, ref b);
            x += 4;
            w += TileRows * 4;
            if (TFormat.ValuesPerByte == 1) continue;
            Add(nextFirst, nextSecond, x, 0, ref a, ref b);
            x += 4;
        }
        Store(a, b, scales, group->Scale, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Start<TFormat>(int start) where TFormat : struct, IQuantizedFormat =>
        TFormat.ValuesPerByte == 1 ? TTier.StartBytes(start) : TTier.StartNibbles(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<TFormat>(byte* w, out TVector codes, out TVector next) where TFormat : struct, IQuantizedFormat
    {
        next = default;
        if (TFormat.ValuesPerByte == 1) codes = TTier.LoadBytes(w);
        else TTier.LoadNibbles(w, out codes, out next);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(TVector first, TVector second, sbyte* x, int offset, ref TVector a, ref TVector b)
    {
        TVector value = TTier.Broadcast(x + offset);
        a = TTier.Dot(a, first, value);
        b = TTier.Dot(b, second, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TVector a, TVector b, ushort* scales, float xScale, float* sums)
    {
        TTier.AddScaled(a, scales, xScale, sums);
        TTier.AddScaled(b, scales + TTier.Lanes, xScale, sums + TTier.Lanes);
    }
}
