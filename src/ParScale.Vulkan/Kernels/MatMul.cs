using ParScale.Kernels.Formats;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// y = x W^T + bias for any number of rows of x in one command: up to <see cref="MostRows"/> share one reading of the weights. The bits of a row do not
/// depend on the others; with block-quantized weights they are those of the CPU.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="rows">Most rows of x.</param>
/// <param name="columns">Most columns of x.</param>
internal sealed class MatMul(VulkanDevice device, int rows, int columns) : IDisposable
{
    /// <summary>Rows of x that share one reading of the weights.</summary>
    public const int MostRows = 16;

    /// <summary>Most rows of weights.</summary>
    public const int MostOutputs = Recording.MostGroups * FloatRows;

    /// <summary>The same of an expert, which has some of the rows: as many are computed where it has fewer.</summary>
    public const int MostExpertRows = 4;

    private const int Lanes = 256, FloatRows = Lanes / 32;

    // Activations rounded to 8 bits: four codes to a word; a scale and a sum for each group.
    private readonly DeviceBuffer _codes = device.Memory.Allocate((long)rows * DeviceRows.Padded(columns));
    private readonly DeviceBuffer _scales = device.Memory.Allocate(
        (long)rows * (DeviceRows.Padded(columns) / QuantizedLayout.GroupSize(WeightDtype.Q4)) * 2 * sizeof(float));

    /// <summary>
    /// Where to put the input of products with such weights: <paramref name="x"/>, or 8-bit numbers in memory of its own, which what is rounded
    /// next overwrites.
    /// </summary>
    public ProductInput InputFor(DeviceMatrix weights, DeviceRows x)
    {
        if (weights.Columns > columns) throw new ArgumentException("x is not as wide as the weights", nameof(weights));
        if (!WeightFormats.IsQuantized(weights.Type)) return x;
        int size = QuantizedLayout.GroupSize(weights.Type);
        return new ProductInput(default, _codes, _scales, size, weights.RowValues / size);
    }

    /// <summary>
    /// x as products with such weights read it: itself, or rounded by a command of its own, as <see cref="InputFor"/> has it. Several products can take that.
    /// </summary>
    public ProductInput Round(Recording recording, DeviceMatrix weights, ProductInput x, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, rows);
        if (weights.RowValues > x.Width) throw new ArgumentException("x is not as wide as the weights", nameof(x));
        if (x.GroupSize == GroupSize(weights)) return x;
        if (x.IsRounded) throw new ArgumentException("x was rounded for weights of another type", nameof(x));
        ProductInput rounded = InputFor(weights, x.Rows);
        recording.Run(
            device.Kernel("quantize", Lanes, GroupSize(weights)),
            new Arguments().Read(x.Rows.Buffer).Write(rounded.Codes).Write(rounded.Scales).Number(x.Rows.Stride).Number(rounded.Groups),
            Blocks(rounded.Width), count);
        return rounded;
    }

    /// <summary>Products with one x. bias: [outputs] or null; y: rows of the stride given with it.</summary>
    public void Run(Recording recording, ProductInput x, int count, params ReadOnlySpan<(DeviceMatrix Weights, DeviceBuffer? Bias, DeviceRows Y)> products)
    {
        ProductInput ready = x;
        foreach ((DeviceMatrix weights, DeviceBuffer? bias, DeviceRows y) in products)
        {
            if (ready.GroupSize == x.GroupSize || ready.GroupSize != GroupSize(weights)) ready = Round(recording, weights, x, count);
            Each(recording, weights, ready, count, bias, y, null);
        }
    }

    /// <summary>y += factor * (x W^T + bias).</summary>
    public void Add(Recording recording, ProductInput x, int count, DeviceMatrix weights, DeviceBuffer? bias, float factor, DeviceRows y) =>
        Each(recording, weights, Round(recording, weights, x, count), count, bias, y, factor);

    /// <summary>
    /// Products of rows with the experts that were chosen for them. weights: those of all experts joined, of <paramref name="outputs"/> rows each;
    /// x: rows, or with <paramref name="places"/> places of the routes, as y is.
    /// </summary>
    public void RunExperts(Recording recording, ProductInput x, bool places, int count, Routes routes, DeviceMatrix weights, int outputs, DeviceRows y)
    {
        x = Round(recording, weights, x, count);
        if (weights.Rows < (routes.Experts - 1) * DeviceMatrix.Padded(outputs) + outputs)
            throw new ArgumentException("there are not weights for each expert", nameof(weights));
        Dispatch(recording, weights, x, count, MostExpertRows, null, y, null, routes, places ? 2 : 1, outputs, routes.Experts);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        device.Memory.Free(_codes);
        device.Memory.Free(_scales);
    }

    private static int GroupSize(DeviceMatrix weights) => WeightFormats.IsQuantized(weights.Type) ? QuantizedLayout.GroupSize(weights.Type) : 0;

    // As few readings of the weights as there can be, and about as many rows for each: above four an even number, so that there are fewer shaders to compile.
    private void Each(Recording recording, DeviceMatrix weights, ProductInput x, int count, DeviceBuffer? bias, DeviceRows y, float? factor)
    {
        int readings = (count + MostRows - 1) / MostRows, together = (count + readings - 1) / readings;
        if (together > 4) together += together % 2;
        Dispatch(recording, weights, x, count, together, bias, y, factor, null, 0, weights.Rows, readings);
    }

    private void Dispatch(
        Recording recording, DeviceMatrix weights, ProductInput x, int count, int together, DeviceBuffer? bias, DeviceRows y, float? factor, Routes? routes,
        int which, int outputs, int groups)
    {
        int format = Format(weights.Type), hasBias = bias is null ? 0 : 1, add = factor is null ? 0 : 1;
        Arguments arguments = new Arguments().Read(weights.Values);
        ShaderKernel kernel;
        if (x.IsRounded)
        {
            int fma = device.UsesFma ? 1 : 0;
            if (routes is null && MatrixProducts.Takes(device, count))
            {
                MatrixShape shape = device.Matrices!.Value;
                together = MatrixProducts.RowsTogether(device, weights.Type, shape, count);
                groups = (count + together - 1) / together;
                kernel = device.Kernel(MatrixProducts.Shader(shape), together, format, hasBias, add, fma, shape.Rows, shape.Outputs, shape.Depth);
            }
            else kernel = device.Kernel(device.UsesIntegerDot ? "matmul_quantized_dot" : "matmul_quantized", together, format, hasBias, add, fma, which);
            arguments.Read(weights.Scales).Read(x.Codes).Read(x.Scales).Read(bias).Update(y.Buffer).Read(routes?.Buffer).Number(x.Groups).Number(outputs);
        }
        else
        {
            kernel = device.Kernel("matmul_float", Lanes, together, format, hasBias, add, which);
            arguments.Read(x.Rows.Buffer).Read(bias).Update(y.Buffer).Read(routes?.Buffer).Number(weights.RowValues).Number(outputs).Number(x.Rows.Stride);
        }
        int outputsTogether = x.IsRounded ? QuantizedLayout.TileRows : FloatRows;
        recording.Run(kernel, arguments.Number(y.Stride).Number(count).Number(factor ?? 1), (outputs + outputsTogether - 1) / outputsTogether, groups);
    }

    /// <summary>Workgroups of kernels whose lanes have four numbers each.</summary>
    public static int Blocks(int width) => (width + 4 * Lanes - 1) / (4 * Lanes);

    /// <summary>As the shaders count the formats.</summary>
    public static int Format(WeightDtype type) => type switch
    {
        WeightDtype.F32 => 0,
        WeightDtype.Bf16 => 1,
        WeightDtype.Q8 => 2,
        WeightDtype.Q4 => 3,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
