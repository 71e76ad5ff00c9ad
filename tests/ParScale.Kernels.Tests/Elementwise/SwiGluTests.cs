using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Elementwise;

public sealed class SwiGluTests : IDisposable
{
    private readonly WorkerPool _pool = new(3);

    public static TheoryData<int> Lengths => Support.Lengths.Around;

    public void Dispose() => _pool.Dispose();

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_length_matches_the_reference(int length)
    {
        float[] gate = Numbers.Random(length, 1, 12), up = Numbers.Random(length, 2), expected = new float[length], actual = new float[length];
        SwiGlu.Reference(gate, up, expected);
        SwiGlu.Run(gate, up, actual, _pool);
        Numbers.AssertClose(expected, actual, 1e-6);
    }

    [Fact]
    public void Extreme_gates_neither_overflow_nor_vanish_into_nan()
    {
        float[] gate = [-1e30f, -200, -90, 0, 90, 200, 1e30f, -0f, 1, 2, 3, 4, 5, 6, 7, 8, 9], up = [.. gate.Select(_ => 1f)];
        float[] expected = new float[gate.Length], actual = new float[gate.Length];
        SwiGlu.Reference(gate, up, expected);
        SwiGlu.Run(gate, up, actual, _pool);
        for (int i = 0; i < gate.Length; i++) Assert.Equal(expected[i], actual[i], Math.Abs(expected[i]) * 1e-6 + 1e-30);
    }

    [Fact]
    public void Silu_is_swiglu_with_ones()
    {
        float[] x = Numbers.Random(33, 1, 8), ones = [.. x.Select(_ => 1f)], expected = new float[33];
        SwiGlu.Reference(x, ones, expected);
        SwiGlu.Silu(x);
        Numbers.AssertClose(expected, x, 1e-6);
    }

    [Fact]
    public void An_element_has_the_same_bits_wherever_it_stands()
    {
        float[] gate = Numbers.Random(20_003, 1, 12), up = Numbers.Random(20_003, 2), all = new float[20_003], part = new float[3];
        SwiGlu.Run(gate, up, all, _pool);
        for (int i = 0; i + 3 <= gate.Length; i += 997)
        {
            SwiGlu.Run(gate.AsSpan(i, 3), up.AsSpan(i, 3), part, _pool);
            Assert.Equal(all[i..(i + 3)], part);
        }
    }
}
