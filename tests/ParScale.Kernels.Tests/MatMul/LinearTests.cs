using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Tests.Support;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.Tests.MatMul;

public sealed class LinearTests : IDisposable
{
    private readonly WorkerPool _pool = new(3);

    public static TheoryData<WeightDtype> FloatTypes => [WeightDtype.F32, WeightDtype.Bf16];

    public static TheoryData<int> Lengths => Support.Lengths.Around;

    public void Dispose() => _pool.Dispose();

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_length_matches_the_reference(int length)
    {
        foreach (WeightDtype type in new[] { WeightDtype.F32, WeightDtype.Bf16 })
            foreach (int rows in new[] { 1, 2, 3, 4, 5, 8, 9, 16 })
                Check(type, outputs: 7, length, rows, bias: rows % 2 == 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(63)]
    [InlineData(1001)]
    public void Every_number_of_outputs_matches_the_reference(int outputs)
    {
        foreach (WeightDtype type in new[] { WeightDtype.F32, WeightDtype.Bf16 })
            foreach (int rows in new[] { 1, 4, 7 }) Check(type, outputs, length: 200, rows, bias: true);
    }

    [Fact]
    public void The_widest_vectors_that_are_on_are_used()
    {
        int expected = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 32;
        Assert.Equal(expected, Simd.Bits);
        if (IsOff("DOTNET_EnableAVX512")) Assert.True(Simd.Bits <= 256);
        if (IsOff("DOTNET_EnableAVX2")) Assert.True(Simd.Bits <= 128);
        if (IsOff("DOTNET_EnableHWIntrinsic")) Assert.Equal(32, Simd.Bits);
    }

    [Theory]
    [MemberData(nameof(FloatTypes))]
    public void Every_number_of_rows_matches_the_reference(WeightDtype type)
    {
        for (int rows = 1; rows <= 26; rows++) Check(type, outputs: 10, length: 75, rows, bias: true);
        Check(type, outputs: 40, length: 64, rows: 300, bias: false);
    }

    [Theory]
    [InlineData(WeightDtype.Bf16, 133)]
    [InlineData(WeightDtype.F32, 133)]
    [InlineData(WeightDtype.Bf16, 256)]
    [InlineData(WeightDtype.F32, 2)]
    public void A_row_gives_the_same_bits_alone_and_in_a_batch(WeightDtype type, int length)
    {
        const int outputs = 101, most = 270;
        using WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(outputs * length, 1), type, outputs, length);
        float[] x = Numbers.Random(most * length, 2), alone = new float[most * outputs];
        for (int r = 0; r < most; r++) Linear.Run(weights, x.AsSpan(r * length, length), 1, [], alone.AsSpan(r * outputs, outputs), _pool);
        foreach (int rows in new[] { 2, 3, 4, 5, 6, 7, 8, 9, 11, 16, 17, 270 })
        {
            var batch = new float[rows * outputs];
            Linear.Run(weights, x.AsSpan(0, rows * length), rows, [], batch, _pool);
            Assert.Equal(alone[..batch.Length], batch);
        }
    }

    [Theory]
    [MemberData(nameof(FloatTypes))]
    public void Every_number_of_threads_gives_the_same_bits(WeightDtype type)
    {
        const int outputs = 2050, length = 333;
        using WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(outputs * length, 1), type, outputs, length);
        foreach (int rows in new[] { 1, 5, 8, 19 })
        {
            float[] x = Numbers.Random(rows * length, 2), expected = new float[rows * outputs], actual = new float[rows * outputs];
            using (var one = new WorkerPool(1)) Linear.Run(weights, x, rows, [], expected, one);
            foreach (int threads in new[] { 2, 3, 5, 16 })
            {
                using var pool = new WorkerPool(threads);
                Array.Clear(actual);
                Linear.Run(weights, x, rows, [], actual, pool);
                Assert.Equal(expected, actual);
            }
        }
    }

    [Theory]
    [InlineData(WeightDtype.F32, 31)]
    [InlineData(WeightDtype.F32, 333)]
    [InlineData(WeightDtype.Bf16, 31)]
    [InlineData(WeightDtype.Bf16, 333)]
    public void Every_width_of_vectors_gives_the_bits_of_sixteen_lanes(WeightDtype type, int length)
    {
        using WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(20 * length, 1), type, 20, length);
        float[] x = Numbers.Random(9 * length, 2), bias = Numbers.Random(20, 3), y = new float[9 * 20], w = new float[length];
        Linear.Run(weights, x, 9, bias, y, _pool);
        for (int i = 0; i < y.Length; i++)
        {
            weights.CopyRow(i % 20, w);
            Assert.Equal(SixteenLanes(type, w, x.AsSpan(i / 20 * length, length)) + bias[i % 20], y[i]);
        }
    }

    [Theory]
    [MemberData(nameof(FloatTypes))]
    public void An_output_takes_nothing_from_its_neighbours(WeightDtype type)
    {
        foreach (int length in new[] { 1, 31, 33, 64, 77 })
        {
            float[] values = Numbers.Random(7 * length, length), x = Numbers.Random(3 * length, 5), y = new float[3 * 7];
            for (int output = 0; output < 7; output += 2) values.AsSpan(output * length, length).Fill(float.NaN);
            using WeightMatrix weights = WeightMatrix.FromValues(values, type, 7, length);
            Linear.Run(weights, x, 3, [], y, _pool);
            for (int i = 0; i < y.Length; i++) Assert.Equal(i % 7 % 2 == 0, float.IsNaN(y[i]));
        }
    }

    [Fact]
    public void A_row_takes_nothing_from_its_neighbours()
    {
        using WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(20 * 45, 1), WeightDtype.Bf16, 20, 45);
        float[] x = Numbers.Random(9 * 45, 2), y = new float[9 * 20];
        x.AsSpan(4 * 45, 45).Fill(float.PositiveInfinity);
        Linear.Run(weights, x, 9, [], y, _pool);
        for (int i = 0; i < y.Length; i++) Assert.Equal(i / 20 != 4, float.IsFinite(y[i]));
    }

    [Fact]
    public void A_product_allocates_nothing()
    {
        using WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(300 * 100, 1), WeightDtype.Bf16, 300, 100);
        float[] x = new float[9 * 100], y = new float[9 * 300];
        Linear.Run(weights, x, 9, [], y, _pool);
        // What the runtime allocates for a thread that waits on a busy machine is not the product's: that would come in every round.
        long least = Enumerable.Range(0, 20).Min(_ =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Linear.Run(weights, x, 9, [], y, _pool);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.Equal(0, least);
    }

    [Theory]
    [InlineData(WeightDtype.F32, 50, 3)]
    [InlineData(WeightDtype.F32, 64, 1)]
    [InlineData(WeightDtype.Bf16, 50, 3)]
    [InlineData(WeightDtype.Bf16, 64, 1)]
    [InlineData(WeightDtype.Bf16, 33, 6)]
    public void Weights_at_an_odd_address_give_the_same(WeightDtype type, int length, int offset)
    {
        float[] values = Numbers.Random(9 * length, 3), x = Numbers.Random(4 * length, 4), expected = new float[36], actual = new float[36];
        byte[] bytes = [.. values.SelectMany(value => BitConverter.GetBytes(value).Skip(type == WeightDtype.F32 ? 0 : 2))];
        if (type == WeightDtype.Bf16) values = [.. values.Select(v => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(v) & 0xFFFF0000))];
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, [.. new byte[offset], .. bytes]);
            using var file = new MappedFile(path);
            using WeightMatrix even = WeightMatrix.FromValues(values, type, 9, length);
            Linear.Run(even, x, 4, [], expected, _pool);
            Linear.Run(WeightMatrix.Map(file, offset, type, 9, length), x, 4, [], actual, _pool);
            Assert.Equal(expected, actual);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        WeightMatrix weights = WeightMatrix.FromValues(new float[6], WeightDtype.F32, 2, 3);
        Assert.Throws<ArgumentException>(() => Linear.Run(weights, new float[4], 1, [], new float[2], _pool));
        Assert.Throws<ArgumentException>(() => Linear.Run(weights, new float[3], 1, [], new float[3], _pool));
        Assert.Throws<ArgumentException>(() => Linear.Run(weights, new float[3], 1, new float[1], new float[2], _pool));
    }

    private static bool IsOff(string variable) => Environment.GetEnvironmentVariable(variable) == "0";

    // Lane by lane along k, pairs of neighbours in one lane for bf16; then halves onto each other.
    private static float SixteenLanes(WeightDtype type, ReadOnlySpan<float> w, ReadOnlySpan<float> x)
    {
        bool fused = Fma.IsSupported || AdvSimd.IsSupported;
        var lanes = new float[16];
        for (int k = 0; k < w.Length; k++)
        {
            ref float lane = ref lanes[type == WeightDtype.F32 ? k % 16 : k % 32 / 2];
            lane = fused ? MathF.FusedMultiplyAdd(w[k], x[k], lane) : w[k] * x[k] + lane;
        }
        for (int half = 8; half > 2; half /= 2)
            for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
        return lanes[0] + lanes[1] + (lanes[2] + lanes[3]);
    }

    private void Check(WeightDtype type, int outputs, int length, int rows, bool bias)
    {
        WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(outputs * length, length), type, outputs, length);
        float[] x = Numbers.Random(rows * length, rows), biases = bias ? Numbers.Random(outputs, 9) : [];
        float[] expected = new float[rows * outputs], actual = new float[rows * outputs];
        Linear.Reference(weights, x, rows, biases, expected);
        Linear.Run(weights, x, rows, biases, actual, _pool);
        Numbers.AssertClose(expected, actual, 1e-5);
    }
}
