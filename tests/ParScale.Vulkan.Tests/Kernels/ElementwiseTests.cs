using ParScale.Configuration;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>Embedding lookup, norms and gates of random shapes against the plain loops; what lies behind the columns is zero.</summary>
public class ElementwiseTests(TestDevice test) : DeviceTest(test)
{
    private const int Shapes = 12;

    [Fact]
    public void Norm_agrees_with_the_plain_loop() => Each((random, rows, columns) =>
    {
        float[] x = Draw(random, rows * columns, 5), weight = Draw(random, columns), expected = new float[x.Length];
        RmsNorm.Reference(x, weight, 1e-5f, expected);
        DeviceRows input = Rows(x, columns), y = Rows(rows, columns);
        Run(recording => Elementwise.Norm(Device, recording, input, rows, columns, Upload<float>(weight), 1e-5f, y));
        Close(expected, Read(y, rows, columns), 2e-6, $"norm {rows} x {columns}");
        Assert.Equal(x, Read(input, rows, columns));
        ZerosBehind(y, rows, columns);
    });

    [Fact]
    public void AddAndNorm_adds_first_and_keeps_the_sum() => Each((random, rows, columns) =>
    {
        float[] x = Draw(random, rows * columns), delta = Draw(random, rows * columns), weight = Draw(random, columns), expected = new float[x.Length];
        float[] sum = [.. x.Zip(delta, (a, b) => a + b)];
        RmsNorm.Reference(sum, weight, 1e-6f, expected);
        DeviceRows input = Rows(x, columns), y = Rows(rows, columns);
        Run(recording => Elementwise.AddAndNorm(Device, recording, input, Rows(delta, columns).Buffer, rows, columns, Upload<float>(weight), 1e-6f, y));
        Close(expected, Read(y, rows, columns), 2e-6, $"add and norm {rows} x {columns}");
        Assert.Equal(sum, Read(input, rows, columns));
        ZerosBehind(y, rows, columns);
    });

    [Fact]
    public void NormOfRows_takes_the_rows_that_are_named() => Each((random, rows, columns) =>
    {
        float[] x = Draw(random, rows * columns), delta = Draw(random, rows * columns), weight = Draw(random, columns);
        int[] table = [.. Enumerable.Range(0, random.Next(1, 2 * rows)).Select(_ => random.Next(rows))];
        float[] chosen = [.. table.SelectMany(row => Enumerable.Range(row * columns, columns).Select(i => x[i] + delta[i]))], expected = new float[chosen.Length];
        RmsNorm.Reference(chosen, weight, 1e-6f, expected);
        DeviceRows input = Rows(x, columns), y = Rows(table.Length, columns);
        Run(recording => Elementwise.NormOfRows(
            Device, recording, input, Rows(delta, columns).Buffer, Upload<int>(table), table.Length, columns, Upload<float>(weight), 1e-6f, y));
        Close(expected, Read(y, table.Length, columns), 2e-6, $"norm of rows {rows} x {columns}");
        Assert.Equal(x, Read(input, rows, columns));
    });

    [Fact]
    public void Results_are_multiplied_before_they_are_added() => Each((random, rows, columns) =>
    {
        float[] x = Draw(random, rows * columns), delta = Draw(random, rows * columns), weight = Draw(random, columns), expected = new float[x.Length];
        float[] sum = [.. x.Zip(delta, (a, b) => a + b * 0.22f)];
        RmsNorm.Reference(sum, weight, 1e-6f, expected);
        DeviceRows input = Rows(x, columns), y = Rows(rows, columns);
        Run(recording => Elementwise.AddAndNorm(Device, recording, input, Rows(delta, columns).Buffer, rows, columns, Upload<float>(weight), 1e-6f, y, 0.22f));
        Close(expected, Read(y, rows, columns), 2e-6, $"multiplied, added, norm {rows} x {columns}");
        Assert.Equal(sum, Read(input, rows, columns));
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Norms_behind_blocks_come_before_the_sum(bool before) => Each((random, rows, columns) =>
    {
        float[] x = Draw(random, rows * columns), delta = Draw(random, rows * columns, 4), behind = Draw(random, columns), weight = Draw(random, columns);
        float[] normed = new float[x.Length], expected = new float[x.Length];
        RmsNorm.Reference(delta, behind, 1e-3f, normed);
        float[] sum = [.. x.Zip(normed, (a, b) => a + b)];
        // A block without a norm before it reads the sum itself.
        if (before) RmsNorm.Reference(sum, weight, 1e-3f, expected);
        else sum.CopyTo(expected, 0);
        DeviceRows input = Rows(x, columns), y = Rows(rows, columns);
        Run(recording => Elementwise.AddNormedAndNorm(
            Device, recording, input, Rows(delta, columns).Buffer, Upload<float>(behind), rows, columns, before ? Upload<float>(weight) : null, 1e-3f, y));
        Close(expected, Read(y, rows, columns), 2e-6, $"norm behind and before: {before}, {rows} x {columns}");
        Close(sum, Read(input, rows, columns), 2e-6, $"sum {rows} x {columns}");
        ZerosBehind(y, rows, columns);
        // The same of chosen rows alone.
        int[] table = [.. Enumerable.Range(0, random.Next(1, 2 * rows)).Select(_ => random.Next(rows))];
        float[] chosen = [.. table.SelectMany(row => expected[(row * columns)..((row + 1) * columns)])];
        DeviceRows again = Rows(x, columns), some = Rows(table.Length, columns);
        Run(recording => Elementwise.NormOfRows(
            Device, recording, again, Rows(delta, columns).Buffer, Upload<int>(table), table.Length, columns, before ? Upload<float>(weight) : null, 1e-3f, some, Upload<float>(behind)));
        Close(chosen, Read(some, table.Length, columns), 2e-6, $"of chosen rows {rows} x {columns}");
        Assert.Equal(x, Read(again, rows, columns));
    });

    [Theory]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void What_is_rounded_has_the_bits_that_a_product_would_round(WeightDtype type) => Each((random, rows, columns) =>
    {
        const int outputs = 40;
        DeviceMatrix weights = Matrix(type, outputs, columns, random);
        DeviceBuffer weight = Upload<float>(Draw(random, columns));
        DeviceRows x = Rows(Draw(random, rows * columns, 5), columns), up = Rows(Draw(random, rows * columns), columns), delta = Rows(Draw(random, rows * columns), columns);
        Action<Recording, ProductInput>[] kernels =
        [
            (recording, y) => Elementwise.Norm(Device, recording, x, rows, columns, weight, 1e-6f, y),
            (recording, y) => Elementwise.NormOfRows(Device, recording, x, delta.Buffer, Upload<int>([.. Enumerable.Range(0, rows)]), rows, columns, null, 1e-6f, y),
            (recording, y) => Elementwise.Gate(Device, recording, Activation.Silu, x, up, rows, columns, y),
            (recording, y) => Elementwise.Gate(Device, recording, Activation.GeluTanh, x, up, rows, columns, y),
            (recording, y) => Elementwise.Silu(Device, recording, x, rows, columns, y),
        ];
        foreach (Action<Recording, ProductInput> kernel in kernels)
        {
            MatMul product = Product(rows, columns);
            DeviceRows floats = Rows(rows, columns), plain = Rows(rows, outputs), rounded = Rows(rows, outputs);
            ProductInput codes = product.InputFor(weights, floats);
            Assert.True(codes.IsRounded);
            Run(recording =>
            {
                kernel(recording, floats);
                product.Run(recording, floats, rows, (weights, null, plain));
                kernel(recording, codes);
                product.Run(recording, codes, rows, (weights, null, rounded));
            });
            Assert.Equal(Read(plain, rows, outputs), Read(rounded, rows, outputs));
            Assert.Throws<ArgumentException>(() => Run(recording => product.Run(recording, codes, rows, (Matrix(WeightDtype.F32, 4, columns, random), null, plain))));
        }
    });

    [Theory]
    [InlineData(Activation.Silu)]
    [InlineData(Activation.GeluTanh)]
    public void Gates_agree_with_the_plain_loop(Activation activation) => Each((random, rows, columns) =>
    {
        float[] gate = Draw(random, rows * columns, 12), up = Draw(random, rows * columns), expected = new float[gate.Length];
        if (activation == Activation.Silu) SwiGlu.Reference(gate, up, expected);
        else GeGlu.Reference(gate, up, expected);
        // Products leave what they like behind the columns.
        DeviceRows a = Rows(gate, columns, float.NaN), b = Rows(up, columns, float.NaN);
        Run(recording => Elementwise.Gate(Device, recording, activation, a, b, rows, columns, a));
        Close(expected, Read(a, rows, columns), 2e-6, $"{activation} {rows} x {columns}");
        ZerosBehind(a, rows, columns);
    });

    [Fact]
    public void Gates_of_extreme_values_stay_in_bounds()
    {
        float[] gate = [-1e30f, -200, -100, -88, -50, 0, 50, 88, 100, 200, 1e30f, float.NaN], up = [.. gate.Select(_ => 1f)];
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            var expected = new float[gate.Length];
            if (activation == Activation.Silu) SwiGlu.Reference(gate, up, expected);
            else GeGlu.Reference(gate, up, expected);
            DeviceRows a = Rows(gate, gate.Length), y = Rows(1, gate.Length);
            Run(recording => Elementwise.Gate(Device, recording, activation, a, Rows(up, up.Length), 1, gate.Length, y));
            float[] actual = Read(y, 1, gate.Length);
            for (int i = 0; i < gate.Length; i++)
                Assert.True(Math.Abs((double)expected[i] - actual[i]) <= 1e-6 * Math.Max(1, Math.Abs((double)expected[i])) || (float.IsNaN(expected[i]) && float.IsNaN(actual[i])),
                    $"{activation}({gate[i]}) = {actual[i]}, expected {expected[i]}");
        }
    }

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.Bf16)]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Embeddings_have_the_bits_of_the_CPU(WeightDtype type) => Each((random, rows, columns) =>
    {
        int vocabulary = random.Next(1, 90);
        using WeightMatrix table = WeightMatrix.FromValues(Draw(random, vocabulary * columns), type, vocabulary, columns);
        int[] ids = [.. Enumerable.Range(0, rows).Select(_ => random.Next(vocabulary))];
        var expected = new float[rows * columns];
        for (int r = 0; r < rows; r++) table.CopyRow(ids[r], expected.AsSpan(r * columns, columns));
        foreach (ref float value in expected.AsSpan()) value *= 0.75f;
        DeviceMatrix uploaded = Matrix(table);
        DeviceRows y = Rows(rows, columns);
        Run(recording => Elementwise.Embed(Device, recording, uploaded, Upload<int>(ids), rows, 0.75f, y));
        Assert.Equal(expected, Read(y, rows, columns));
    });

    private void ZerosBehind(DeviceRows y, int rows, int columns)
    {
        float[] all = Read(y, rows, y.Stride);
        for (int r = 0; r < rows; r++) Assert.All(all[(r * y.Stride + columns)..((r + 1) * y.Stride)], value => Assert.Equal(0, value));
    }

    private void Each(Action<Random, int, int> check)
    {
        for (int i = 0; i < Shapes; i++)
        {
            var random = new Random(200 + i);
            check(random, random.Next(1, 9), i == 0 ? 1 : random.Next(1, 700));
            FreeBuffers();
        }
    }
}
