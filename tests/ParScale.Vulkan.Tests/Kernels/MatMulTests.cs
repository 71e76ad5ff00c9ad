using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.Memory;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>Products of random shapes against the plain loops; block-quantized ones to the last bit.</summary>
public class MatMulTests(TestDevice test) : DeviceTest(test)
{
    private const int Shapes = 25;

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.Bf16)]
    public void Float_weights_agree_with_the_plain_loop(WeightDtype type) => Each(type, (weights, x, rows, bias, expected, actual) =>
    {
        Linear.Reference(weights, x, rows, bias, expected);
        Close(expected, actual, 2e-6, $"{type} {weights.Rows} x {weights.Columns}, {rows} rows");
    });

    [Theory]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Quantized_weights_give_the_bits_of_the_plain_loop(WeightDtype type) => Each(type, (weights, x, rows, bias, expected, actual) =>
    {
        Linear.QuantizedReference(weights, x, rows, bias, expected);
        Assert.Equal(expected, actual);
    });

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.Bf16)]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void A_result_is_multiplied_and_added_with_the_bits_of_doing_so_behind_it(WeightDtype type) => Each(type, (weights, x, rows, bias, expected, actual) =>
    {
        float[] before = Draw(new Random(rows), rows * weights.Rows, 2);
        float[] sum = [.. before.Zip(actual, (a, b) => a + b * 0.3f)];
        DeviceRows y = Rows(before, weights.Rows);
        DeviceBuffer? added = bias.Length == 0 ? null : Upload<float>(bias);
        Run(recording => Product(rows, weights.Columns).Add(recording, Rows(x, weights.Columns), rows, Matrix(weights), added, 0.3f, y));
        Assert.Equal(sum, Read(y, rows, weights.Rows));
        FreeBuffers();
    });

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.Bf16)]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Joined_matrices_give_the_bits_of_each(WeightDtype type)
    {
        int[] sizes = [70, 32, 5];
        const int columns = 131, rows = 3;
        var random = new Random(15);
        WeightMatrix[] parts = [.. sizes.Select(size => WeightMatrix.FromValues(Draw(random, size * columns), type, size, columns))];
        float[][] biases = [.. sizes.Select(size => Draw(random, size))];
        float[] x = Draw(random, rows * columns);
        DeviceMatrix joined = Matrix(parts);
        DeviceRows y = Rows(rows, joined.Rows);
        DeviceBuffer bias = Own(DeviceMatrix.JoinBiases(Device, biases)!);
        Run(recording => Product(rows, columns).Run(recording, Rows(x, columns), rows, (joined, bias, y)));
        int first = 0;
        float[][] actual = [.. sizes.Select(size =>
        {
            // Parts are seen from their first column on.
            float[] all = Read(y, rows, y.Stride);
            float[] part = [.. Enumerable.Range(0, rows).SelectMany(r => all.AsSpan(r * y.Stride + first, size).ToArray())];
            first += DeviceMatrix.Padded(size);
            return part;
        })];
        for (int i = 0; i < sizes.Length; i++) Assert.Equal(Multiply(parts[i], x, rows, biases[i]), actual[i]);
        Assert.Null(DeviceMatrix.JoinBiases(Device, [], []));
        foreach (WeightMatrix part in parts) part.Dispose();
        using WeightMatrix narrow = WeightMatrix.FromValues(Draw(random, 4 * 4), type, 4, 4), wide = WeightMatrix.FromValues(Draw(random, 4 * 5), type, 4, 5);
        Assert.Throws<ArgumentException>(() => DeviceMatrix.From(Device, narrow, wide));
    }

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.Bf16)]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void A_row_does_not_depend_on_the_others(WeightDtype type)
    {
        const int outputs = 45, columns = 333, rows = 37;
        var random = new Random(11);
        using WeightMatrix weights = WeightMatrix.FromValues(Draw(random, outputs * columns), type, outputs, columns);
        float[] x = Draw(random, rows * columns), all = Multiply(weights, x, rows, []);
        for (int row = 0; row < rows; row += 7)
            Assert.Equal(all[(row * outputs)..((row + 1) * outputs)], Multiply(weights, x[(row * columns)..((row + 1) * columns)], 1, []));
    }

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void NaN_and_infinity_reach_the_result_of_their_row_alone(WeightDtype type)
    {
        const int outputs = 33, columns = 129;
        var random = new Random(12);
        using WeightMatrix weights = WeightMatrix.FromValues(Draw(random, outputs * columns), type, outputs, columns);
        float[] x = Draw(random, 3 * columns);
        (x[5], x[2 * columns + 128]) = (float.NaN, float.PositiveInfinity);
        float[] y = Multiply(weights, x, 3, []);
        Assert.All(y[..outputs], value => Assert.True(float.IsNaN(value)));
        Assert.All(y[outputs..(2 * outputs)], value => Assert.True(float.IsFinite(value)));
        Assert.All(y[(2 * outputs)..], value => Assert.False(float.IsFinite(value)));
    }

    [Fact]
    public void Activations_of_every_size_are_rounded_as_on_the_CPU()
    {
        const int outputs = 32, columns = 128;
        var random = new Random(13);
        using WeightMatrix weights = WeightMatrix.FromValues(Draw(random, outputs * columns), WeightDtype.Q8, outputs, columns);
        // From what counts as zero to what nearly overflows; a group of halves, whose codes are ties.
        float[] sizes = [0, 1e-38f, 9.9e-31f, 1.01e-30f, 1e-20f, 0.3f, 1, 127, 12345, 1e10f, 1e30f];
        float[] x = [.. sizes.SelectMany(size => Draw(random, columns, size)), .. Enumerable.Range(0, columns).Select(i => i == 0 ? 127 : i - 63.5f)];
        int rows = sizes.Length + 1;
        var expected = new float[rows * outputs];
        Linear.QuantizedReference(weights, x, rows, [], expected);
        Assert.Equal(expected, Multiply(weights, x, rows, []));
    }

    [Fact]
    public void A_product_wider_than_its_input_is_refused()
    {
        var random = new Random(14);
        DeviceMatrix weights = Matrix(WeightDtype.F32, 4, 200, random);
        DeviceRows x = Rows(1, 100), y = Rows(1, 4);
        MatMul product = Product(1, 200);
        Run(recording =>
        {
            Assert.Throws<ArgumentException>(() => product.Run(recording, x, 1, (weights, null, y)));
            Assert.Throws<ArgumentOutOfRangeException>(() => product.Run(recording, Rows(2, 200), 2, (weights, null, y)));
        });
    }

    private delegate void Comparison(WeightMatrix weights, float[] x, int rows, float[] bias, float[] expected, float[] actual);

    private void Each(WeightDtype type, Comparison compare)
    {
        var random = new Random(100 + (int)type);
        for (int i = 0; i < Shapes; i++)
        {
            int outputs = random.Next(1, 140), columns = random.Next(1, 500), rows = i < 18 ? i + 1 : random.Next(1, 40);
            using WeightMatrix weights = WeightMatrix.FromValues(Draw(random, outputs * columns), type, outputs, columns);
            float[] x = Draw(random, rows * columns, 3), bias = i % 2 == 0 ? [] : Draw(random, outputs);
            compare(weights, x, rows, bias, new float[rows * outputs], Multiply(weights, x, rows, bias));
        }
    }

    private float[] Multiply(WeightMatrix weights, float[] x, int rows, float[] bias)
    {
        DeviceMatrix matrix = Matrix(weights);
        DeviceRows input = Rows(x, weights.Columns), output = Rows(rows, weights.Rows);
        MatMul product = Product(rows, weights.Columns);
        Run(recording => product.Run(recording, input, rows, (matrix, bias.Length == 0 ? null : Upload<float>(bias), output)));
        float[] y = Read(output, rows, weights.Rows);
        FreeBuffers();
        return y;
    }
}
