using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// The grouped product in C# intrinsics, for any number of columns: per group, integer sums in registers, two vectors of rows by
/// four columns at a time; then one multiply-add per group into the float sums. A group's levels stay in the first-level cache
/// while the columns pass. Every tier adds in this order, so all give the same bits.
/// </summary>
internal sealed unsafe class VectorKernel<TTier, TVector>(string name) : IGroupedKernel
    where TTier : struct, IDotTier<TVector>
    where TVector : struct
{
    private const int TileRows = GroupLayout.TileRows;

    public string Name => name;

    public void Run(WeightType type, GroupedProduct* product, int columns)
    {
        if (type == WeightType.Q8) Tiles<Q8>(product, columns);
        else Tiles<Q4>(product, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tiles<TFormat>(GroupedProduct* product, int columns) where TFormat : struct, IGroupFormat
    {
        float* sums = stackalloc float[columns * TileRows];
        for (nint tile = 0; tile < product->Tiles; tile++)
        {
            byte* weights = product->Weights + tile * product->WeightStride;
            ushort* scales = (ushort*)((byte*)product->Scales + tile * product->ScaleStride);
            new Span<float>(sums, columns * TileRows).Clear();
            for (nint group = 0; group < product->Groups; group++)
            {
                AddGroup<TFormat>(weights, scales, product->X + group * TFormat.GroupSize * columns,
                    product->XGroups + group * columns, columns, sums);
                weights += TFormat.GroupSize * TileRows / TFormat.ValuesPerByte;
                scales += TileRows;
            }
            for (int column = 0; column < columns; column++)
            {
                float* y = (float*)((byte*)product->Y + column * product->YStride) + tile * TileRows;
                new ReadOnlySpan<float>(sums + column * TileRows, TileRows).CopyTo(new Span<float>(y, TileRows));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGroup<TFormat>(byte* weights, ushort* scales, sbyte* x, ColumnGroup* groups, int columns, float* sums)
        where TFormat : struct, IGroupFormat
    {
        for (int row = 0; row < TileRows; row += 2 * TTier.Lanes)
        {
            byte* w = weights + row * 4;
            int column = 0;
            for (; column + 4 <= columns; column += 4)
                Four<TFormat>(w, scales + row, x + column * TFormat.GroupSize, groups + column, sums + column * TileRows + row);
            for (; column < columns; column++)
                One<TFormat>(w, scales + row, x + column * TFormat.GroupSize, groups + column, sums + column * TileRows + row);
        }
    }

    // Two vectors of rows by four columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four<TFormat>(byte* w, ushort* scales, sbyte* x, ColumnGroup* groups, float* sums)
        where TFormat : struct, IGroupFormat
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
    private static void One<TFormat>(byte* w, ushort* scales, sbyte* x, ColumnGroup* group, float* sums)
        where TFormat : struct, IGroupFormat
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
    private static TVector Start<TFormat>(int start) where TFormat : struct, IGroupFormat =>
        TFormat.ValuesPerByte == 1 ? TTier.StartBytes(start) : TTier.StartNibbles(start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<TFormat>(byte* w, out TVector levels, out TVector next) where TFormat : struct, IGroupFormat
    {
        next = default;
        if (TFormat.ValuesPerByte == 1) levels = TTier.LoadBytes(w);
        else TTier.LoadNibbles(w, out levels, out next);
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
