using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Machine;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.Elementwise;

public sealed class GeGluTests : IDisposable
{
    private readonly WorkerPool _pool = new(3);

    public static TheoryData<int> Lengths => Support.Lengths.Around;

    public void Dispose() => _pool.Dispose();

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_length_matches_the_reference(int length)
    {
        float[] gate = Numbers.Random(length, 1, 6), up = Numbers.Random(length, 2), expected = new float[length], actual = new float[length];
        GeGlu.Reference(gate, up, expected);
        GeGlu.Run(gate, up, actual, _pool);
        Numbers.AssertClose(expected, actual, 1e-6);
    }

    [Fact]
    public void It_is_the_tanh_form_and_not_the_exact_one()
    {
        // The exact gelu of 1 is 0.841344746, that of 2 is 1.954499736.
        float[] y = new float[3];
        GeGlu.Run([1, 2, -1], [1, 1, 1], y, _pool);
        Assert.Equal(0.841191990f, y[0], 2e-7);
        Assert.Equal(1.954597694f, y[1], 4e-7);
        Assert.Equal(-0.158808009f, y[2], 2e-7);
    }

    [Fact]
    public void Extreme_gates_neither_overflow_nor_vanish_into_nan()
    {
        float[] gate = [-1e30f, -200, -11, -5, 0, 90, 200, 1e30f, -0f], up = [.. gate.Select(_ => 1f)];
        float[] expected = new float[gate.Length], actual = new float[gate.Length];
        GeGlu.Reference(gate, up, expected);
        GeGlu.Run(gate, up, actual, _pool);
        for (int i = 0; i < gate.Length; i++) Assert.Equal(expected[i], actual[i], Math.Abs(expected[i]) * 1e-6 + 1e-12);
    }

    [Fact]
    public void An_element_has_the_same_bits_wherever_it_stands()
    {
        float[] gate = Numbers.Random(20_003, 1, 6), up = Numbers.Random(20_003, 2), all = new float[20_003], part = new float[3];
        GeGlu.Run(gate, up, all, _pool);
        for (int i = 0; i + 3 <= gate.Length; i += 997)
        {
            GeGlu.Run(gate.AsSpan(i, 3), up.AsSpan(i, 3), part, _pool);
            Assert.Equal(all[i..(i + 3)], part);
        }
    }
}
