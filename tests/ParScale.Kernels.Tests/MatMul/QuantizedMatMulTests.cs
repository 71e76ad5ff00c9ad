using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Tests.Support;

namespace ParScale.Kernels.Tests.MatMul;

public sealed class QuantizedMatMulTests : IDisposable
{
    private static readonly WeightDtype[] Types = [WeightDtype.Q8, WeightDtype.Q4];
    private readonly WorkerPool _pool = new(3);
    private readonly QuantizedActivations _scratch = new();

    public static TheoryData<string> Tiers => [.. KernelTier.Available.Select(kernel => kernel.Name)];

    public void Dispose()
    {
        _pool.Dispose();
        _scratch.Dispose();
        Assert.True(KernelTier.TryForce(KernelTier.Available[0].Name));
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Every_shape_gives_the_bits_of_the_reference(string tier)
    {
        Assert.True(KernelTier.TryForce(tier));
        foreach (WeightDtype type in Types)
        {
            foreach (int rows in new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19 })
                foreach (int outputs in new[] { 1, 15, 16, 17, 32, 47, 48, 113 })
                    Check(type, Numbers.Random(outputs * 200, outputs), Numbers.Random(rows * 200, rows), outputs, 200, rows);
            foreach (int length in new[] { 1, 3, 4, 7, 63, 64, 65, 127, 128, 129, 256, 1000 })
                Check(type, Numbers.Random(20 * length, length), Numbers.Random(5 * length, length + 1), 20, length, 5);
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Codes_at_their_limits_do_not_saturate(string tier)
    {
        Assert.True(KernelTier.TryForce(tier));
        foreach (WeightDtype type in Types)
        {
            foreach ((float w, float x) in new[] { (1f, 1f), (-1f, 1f), (1f, -1f), (-1f, -1f) })
            {
                float[] weights = new float[33 * 512], values = new float[9 * 512];
                Array.Fill(weights, w);
                Array.Fill(values, x);
                Check(type, weights, values, 33, 512, 9);
            }
            float[] mixed = [.. Numbers.Random(33 * 512, 5).Select(v => v < 0 ? -3f : 3f)];
            Check(type, mixed, [.. Numbers.Random(9 * 512, 6).Select(v => v < 0 ? -1e4f : 1e4f)], 33, 512, 9);
        }
    }

    [Fact]
    public void Zeros_and_tiny_values_give_zero_and_values_that_are_not_finite_reach_the_output()
    {
        foreach (WeightDtype type in Types)
        {
            float[] weights = Numbers.Random(16 * 256, 1), x = new float[4 * 256], y = new float[4 * 16];
            x[256] = 1e-38f;
            x[512] = float.NaN;
            x[768 + 200] = float.PositiveInfinity;
            Linear.Run(WeightMatrix.FromValues(weights, type, 16, 256), x, 4, [], y, _pool, _scratch);
            Assert.All(y[..32], value => Assert.Equal(0, value));
            Assert.All(y[32..], value => Assert.True(float.IsNaN(value)));
        }
    }

    [Fact]
    public void A_row_gives_the_same_bits_alone_and_in_a_batch_and_on_any_number_of_threads()
    {
        using var single = new WorkerPool(1);
        foreach (WeightDtype type in Types)
        {
            WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(133 * 300, 1), type, 133, 300);
            float[] x = Numbers.Random(21 * 300, 2), batch = new float[21 * 133], alone = new float[133];
            Linear.Run(weights, x, 21, [], batch, _pool, _scratch);
            for (int row = 0; row < 21; row++)
            {
                Linear.Run(weights, x.AsSpan(row * 300, 300), 1, [], alone, single);
                Assert.Equal(alone, batch[(row * 133)..((row + 1) * 133)]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Codes_and_scales_at_odd_addresses_give_the_same(string tier)
    {
        Assert.True(KernelTier.TryForce(tier));
        string path = Path.GetTempFileName();
        try
        {
            foreach (WeightDtype type in Types)
            {
                using WeightMatrix source = WeightMatrix.FromValues(Numbers.Random(40 * 300, 3), WeightDtype.F32, 40, 300);
                using WeightMatrix aligned = source.ConvertTo(type);
                byte[] codes = new byte[QuantizedLayout.TileBytes(type, 300)], scales = new byte[QuantizedLayout.TileScaleBytes(type, 300)];
                var allCodes = new MemoryStream();
                var allScales = new MemoryStream();
                for (int tile = 0; tile < QuantizedLayout.Tiles(40); tile++)
                {
                    source.PackTile(type, tile, codes, scales);
                    allCodes.Write(codes);
                    allScales.Write(scales);
                }
                File.WriteAllBytes(path, [7, .. allCodes.ToArray(), 7, .. allScales.ToArray()]);
                using var file = new MappedFile(path);
                using WeightMatrix mapped = WeightMatrix.MapQuantized(file, 1, allCodes.Length + 2, type, 40, 300);
                float[] x = Numbers.Random(6 * 300, 4), expected = new float[6 * 40], actual = new float[6 * 40];
                Linear.Run(aligned, x, 6, [], expected, _pool, _scratch);
                Linear.Run(mapped, x, 6, [], actual, _pool, _scratch);
                Assert.Equal(expected, actual);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Products_of_one_x_give_the_same_bits_together(int count)
    {
        float[] x = Numbers.Random(5 * 200, 3);
        int[] outputs = [70, 33, 31];
        foreach (WeightDtype type in new[] { WeightDtype.Q8, WeightDtype.Q4, WeightDtype.Bf16 })
        {
            Linear.Product[] products =
            [
                .. outputs.Take(count).Select(n => new Linear.Product(
                    WeightMatrix.FromValues(Numbers.Random(n * 200, n), type, n, 200), n == 33 ? [] : Numbers.Random(n, 9), new float[5 * n])),
            ];
            Linear.RunAll(products, x, 5, _pool, _scratch);
            foreach (Linear.Product product in products)
            {
                var alone = new float[5 * product.Weights.Rows];
                Linear.Run(product.Weights, x, 5, product.Bias, alone, _pool, _scratch);
                Assert.Equal(alone, product.Y);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Rows_taken_from_rounded_ones_give_the_bits_of_rounding_them_again(string tier)
    {
        Assert.True(KernelTier.TryForce(tier));
        using var all = new QuantizedActivations();
        foreach (WeightDtype type in Types)
        {
            using WeightMatrix weights = WeightMatrix.FromValues(Numbers.Random(70 * 300, 1), type, 70, 300);
            float[] x = Numbers.Random(21 * 300, 2);
            all.Fill(x, 21, type, _pool);
            foreach (int[] rows in (int[][])[[20], [0, 3, 8, 9, 17], [.. Enumerable.Range(2, 18)]])
            {
                float[] expected = new float[rows.Length * 70], actual = new float[rows.Length * 70], again = new float[rows.Length * 70];
                Linear.Run(weights, rows.SelectMany(row => x[(row * 300)..((row + 1) * 300)]).ToArray(), rows.Length, [], expected, _pool, _scratch);
                _scratch.Take(all, rows, _pool);
                Linear.RunAll([new(weights, [], actual), new(weights, [], again)], _scratch, _pool);
                Assert.Equal(expected, actual);
                Assert.Equal(expected, again);
            }
            Assert.Throws<ArgumentException>(() => _scratch.Take(all, [21], _pool));
            _scratch.Take(all, [1], _pool);
            using WeightMatrix narrow = WeightMatrix.FromValues(new float[70], type, 1, 70);
            Assert.Throws<ArgumentException>(() => Linear.RunAll([new(narrow, [], new float[1]), new(narrow, [], new float[1])], _scratch, _pool));
        }
    }

    [Fact]
    public void Products_whose_lengths_do_not_fit_are_refused()
    {
        using WeightMatrix a = WeightMatrix.FromValues(new float[6], WeightDtype.Q8, 2, 3), b = WeightMatrix.FromValues(new float[8], WeightDtype.Q8, 2, 4);
        Assert.Throws<ArgumentException>(() => Linear.RunAll([new(a, [], new float[2]), new(b, [], new float[2])], new float[3], 1, _pool, _scratch));
        Assert.Throws<ArgumentException>(() => Linear.RunAll([new(a, [], new float[2]), new(a, [], new float[1])], new float[3], 1, _pool, _scratch));
        Assert.Throws<ArgumentException>(() => Linear.RunAll([new(a, [], new float[2]), new(a, new float[1], new float[2])], new float[3], 1, _pool, _scratch));
    }

    [Theory]
    [InlineData(WeightDtype.Q8, 0.01)]
    [InlineData(WeightDtype.Q4, 0.12)]
    public void The_product_is_near_the_exact_one(WeightDtype type, double tolerance)
    {
        float[] weights = Numbers.Random(64 * 512, 8), x = Numbers.Random(3 * 512, 9), expected = new float[3 * 64], actual = new float[3 * 64];
        Linear.Reference(WeightMatrix.FromValues(weights, WeightDtype.F32, 64, 512), x, 3, [], expected);
        Linear.Run(WeightMatrix.FromValues(weights, type, 64, 512), x, 3, [], actual, _pool, _scratch);
        Numbers.AssertClose(expected, actual, tolerance);
    }

    private void Check(WeightDtype type, float[] weights, float[] x, int outputs, int length, int rows)
    {
        using WeightMatrix matrix = WeightMatrix.FromValues(weights, type, outputs, length);
        float[] bias = rows % 2 == 0 ? Numbers.Random(outputs, 77) : [], expected = new float[rows * outputs], actual = new float[rows * outputs];
        Linear.QuantizedReference(matrix, x, rows, bias, expected);
        Linear.Run(matrix, x, rows, bias, actual, _pool, _scratch);
        Assert.Equal(expected, actual);
    }
}
