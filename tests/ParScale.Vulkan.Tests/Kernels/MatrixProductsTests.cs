using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.Memory;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>Products of many rows with each of the device's matrices: the bits of the plain loop, and of the shader without matrices.</summary>
public class MatrixProductsTests : DeviceTest
{
    private const int Shapes = 40;

    private readonly MatrixShape? _chosen;

    public MatrixProductsTests(TestDevice test) : base(test)
    {
        if (Device.Description.Matrices.Count == 0) Assert.Skip("this device has no matrices that products take");
        _chosen = Device.Matrices;
    }

    public override void Dispose()
    {
        Device.Matrices = _chosen;
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void The_best_shape_is_chosen() => Assert.Equal(Device.Description.Matrices[0], MatrixProbe.Choose(Device));

    [Theory]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Random_shapes_give_the_bits_of_the_plain_loop_and_of_products_without(WeightDtype type)
    {
        var random = new Random(40 + (int)type);
        bool fma = Device.UsesFma;
        for (int i = 0; i < Shapes; i++)
        {
            int outputs = random.Next(1, 140), columns = random.Next(1, 500), rows = random.Next(MatMul.MostRows + 1, i % 2 == 0 ? 40 : 150);
            using WeightMatrix weights = WeightMatrix.FromValues(Draw(random, outputs * columns), type, outputs, columns);
            float[] x = Draw(random, rows * columns, 3), bias = i % 3 == 0 ? [] : Draw(random, outputs), expected = new float[rows * outputs];
            float[] before = i % 4 == 0 ? Draw(random, rows * outputs) : [];
            Linear.QuantizedReference(weights, x, rows, bias, expected);
            for (int j = 0; j < before.Length; j++) expected[j] = before[j] + expected[j] * 0.7f;
            Device.UsesFma = fma && i % 2 == 0;
            foreach (MatrixShape? shape in (MatrixShape?[])[null, .. Device.Description.Matrices])
            {
                Device.Matrices = shape;
                Assert.Equal(expected, Multiply(weights, x, rows, bias, before));
            }
        }
        Device.UsesFma = fma;
    }

    [Theory]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Extreme_rows_give_the_bits_of_products_without(WeightDtype type)
    {
        const int outputs = 33, columns = 300;
        var random = new Random(50);
        // From what counts as zero to what nearly overflows; the largest sums of a group, NaN and infinity.
        float[] sizes = [0, 1e-38f, 9.9e-31f, 1.01e-30f, 1e-20f, 0.3f, 1, 127, 12345, 1e10f, 1e30f];
        float[] x = [.. sizes.SelectMany(size => Draw(random, columns, size)), .. Enumerable.Range(0, 9 * columns).Select(i => i < columns ? 1f : random.Next(2) * 2 - 1)];
        (x[13 * columns + 5], x[15 * columns + 299]) = (float.NaN, float.PositiveInfinity);
        using WeightMatrix weights = WeightMatrix.FromValues([.. Enumerable.Range(0, outputs * columns).Select(i => i < 2 * columns ? 1f : random.Next(2) * 2 - 1)], type, outputs, columns);
        Device.Matrices = null;
        float[] expected = Multiply(weights, x, 20, [], []);
        foreach (MatrixShape shape in Device.Description.Matrices)
        {
            Device.Matrices = shape;
            Assert.Equal(expected, Multiply(weights, x, 20, [], []));
        }
    }

    [Theory]
    [InlineData(WeightDtype.Q8, MatMul.MostRows, false)]
    [InlineData(WeightDtype.Q8, MatMul.MostRows + 1, true)]
    [InlineData(WeightDtype.Q4, MatMul.MostRows + 1, true)]
    [InlineData(WeightDtype.F32, 100, false)]
    [InlineData(WeightDtype.Bf16, 100, false)]
    public void Products_of_more_rows_than_share_a_reading_take_matrices(WeightDtype type, int rows, bool takes)
    {
        var random = new Random(60);
        MatMul product = Product(rows, 70);
        DeviceRows x = Rows(Draw(random, rows * 70), 70), y = Rows(rows, 40);
        using Recording recording = Device.Record();
        product.Run(recording, x, rows, (Matrix(type, 40, 70, random), null, y));
        Assert.Equal(takes, recording.Log[^1].Name.StartsWith("matmul_matrix", StringComparison.Ordinal));
        recording.Submit();
        Check(recording);
    }

    private float[] Multiply(WeightMatrix weights, float[] x, int rows, float[] bias, float[] before)
    {
        DeviceMatrix matrix = Matrix(weights);
        DeviceRows input = Rows(x, weights.Columns), output = before.Length == 0 ? Rows(rows, weights.Rows) : Rows(before, weights.Rows);
        DeviceBuffer? added = bias.Length == 0 ? null : Upload<float>(bias);
        MatMul product = Product(rows, weights.Columns);
        Run(recording =>
        {
            if (before.Length == 0) product.Run(recording, input, rows, (matrix, added, output));
            else product.Add(recording, input, rows, matrix, added, 0.7f, output);
        });
        float[] y = Read(output, rows, weights.Rows);
        FreeBuffers();
        return y;
    }
}
