using System.Runtime.Intrinsics;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Tests.Vectors;

public class SimdTests
{
    private static readonly int[] Integers = [0, 1, -1, 127, -128, 0x01FF_80FE, unchecked((int)0x80FF_7F01), int.MaxValue, int.MinValue, 0x3F80_C000];

    private static readonly float[] Floats = [0, 1, -1, 0.5f, 1.5f, 2.5f, -2.5f, -126, 127, 3.7f, -100.25f, 1e-3f];

    public static TheoryData<int> Widths => [128, 256, 512];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Every_width_computes_what_one_lane_does(int bits)
    {
        (int[] integers, float[] floats) = Run<Simd1, float, int>();
        (int[] actualIntegers, float[] actualFloats) = bits switch
        {
            128 => Run<Simd128, Vector128<float>, Vector128<int>>(),
            256 => Run<Simd256, Vector256<float>, Vector256<int>>(),
            _ => Run<Simd512, Vector512<float>, Vector512<int>>(),
        };
        Assert.Equal(integers, actualIntegers);
        Assert.Equal(floats, actualFloats);
    }

    [Fact]
    public void Lanes_are_added_in_one_order()
    {
        float[] lanes = Support.Numbers.Random(Simd.Lanes, 1);
        float[] halves = [.. Enumerable.Range(0, 8).Select(i => lanes[i] + lanes[i + 8])];
        float[] quarters = [.. Enumerable.Range(0, 4).Select(i => halves[i] + halves[i + 4])];
        float expected = quarters[0] + quarters[1] + (quarters[2] + quarters[3]);
        Assert.Equal(expected, Simd512.Sum(Vector512.Create(lanes)));
        Assert.Equal(expected, Simd256.Sum(Vector256.Create(halves)));
        Assert.Equal(expected, Simd128.Sum(Vector128.Create(quarters)));
    }

    [Fact]
    public void The_even_and_the_odd_lanes_come_apart()
    {
        float[] low = [.. Enumerable.Range(0, 16).Select(i => (float)i)], high = [.. Enumerable.Range(16, 16).Select(i => (float)i)];
        Simd512.Deinterleave(Vector512.Create(low), Vector512.Create(high), out Vector512<float> even512, out Vector512<float> odd512);
        Assert.Equal(Vector512.Create([.. Enumerable.Range(0, 16).Select(i => 2f * i)]), even512);
        Assert.Equal(even512 + Vector512<float>.One, odd512);
        Simd256.Deinterleave(Vector256.Create(low), Vector256.Create(low[8..]), out Vector256<float> even256, out Vector256<float> odd256);
        Assert.Equal(Vector256.Create([.. Enumerable.Range(0, 8).Select(i => 2f * i)]), even256);
        Assert.Equal(even256 + Vector256<float>.One, odd256);
        Simd128.Deinterleave(Vector128.Create(low), Vector128.Create(low[4..]), out Vector128<float> even128, out Vector128<float> odd128);
        Assert.Equal(Vector128.Create(0f, 2, 4, 6), even128);
        Assert.Equal(even128 + Vector128<float>.One, odd128);
    }

    // All lanes hold the same, so the largest of them is any of them.
    private static (int[] Integers, float[] Floats) Run<TSimd, TFloat, TInt>()
        where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
    {
        var integers = new List<int>();
        var floats = new List<float>();
        foreach (int x in Integers)
        {
            TInt a = TSimd.BroadcastInt(x);
            integers.Add(TSimd.MaxAcrossInt(TSimd.EvenBytes(a)));
            integers.Add(TSimd.MaxAcrossInt(TSimd.OddBytes(a)));
            floats.Add(TSimd.MaxAcross(TSimd.ToFloat(a)));
            floats.Add(TSimd.MaxAcross(TSimd.LowHalf(a)));
            floats.Add(TSimd.MaxAcross(TSimd.HighHalf(a)));
            foreach (int y in Integers)
            {
                TInt b = TSimd.BroadcastInt(y);
                integers.Add(TSimd.MaxAcrossInt(TSimd.AddInt(a, b)));
                integers.Add(TSimd.MaxAcrossInt(TSimd.MaxInt(a, b)));
                integers.Add(TSimd.MaxAcrossInt(TSimd.AddPairProducts(TSimd.BroadcastInt(7), TSimd.EvenBytes(a), TSimd.OddBytes(b))));
            }
        }
        foreach (float x in Floats)
        {
            TFloat a = TSimd.Broadcast(x);
            integers.Add(TSimd.MaxAcrossInt(TSimd.RoundToInt(a)));
            integers.Add(TSimd.MaxAcrossInt(TSimd.MagnitudeBits(a)));
            integers.Add(TSimd.SumInt(TSimd.RoundToInt(a)) / TSimd.Count);
            floats.Add(TSimd.MaxAcross(TSimd.Round(a)));
            floats.Add(TSimd.MaxAcross(TSimd.PowerOfTwo(TSimd.Round(a))));
            foreach (float y in Floats)
            {
                TFloat b = TSimd.Broadcast(y);
                floats.Add(TSimd.MaxAcross(TSimd.Add(a, b)));
                floats.Add(TSimd.MaxAcross(TSimd.Subtract(a, b)));
                floats.Add(TSimd.MaxAcross(TSimd.Multiply(a, b)));
                floats.Add(TSimd.MaxAcross(TSimd.Max(a, b)));
                floats.Add(TSimd.MaxAcross(TSimd.Min(a, b)));
                if (y != 0) floats.Add(TSimd.MaxAcross(TSimd.Divide(a, b)));
                // Halving is exact: one rounding, fused or not.
                floats.Add(TSimd.MaxAcross(TSimd.MultiplyAdd(a, TSimd.Broadcast(0.5f), b)));
            }
        }
        return ([.. integers], [.. floats]);
    }
}
