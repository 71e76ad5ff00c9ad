using ParScale.Kernels.Formats;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// y = x W^T + bias for any number of rows of x: up to <see cref="MostRows"/> share one reading of the weights. The bits of a row do not
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

    private const int Lanes = 256, FloatRows = Lanes / 32;

    // Activations rounded to 8 bits: four codes to a word; a scale and a sum for each group.
    private readonly DeviceBuffer _codes = device.Memory.Allocate((long)rows * DeviceRows.Padded(columns));
    private readonly DeviceBuffer _scales = device.Memory.Allocate(
        (long)rows * (DeviceRows.Padded(columns) / QuantizedLayout.GroupSize(WeightDtype.Q4)) * 2 * sizeof(float));

    /// <summary>Products with one x. bias: [outputs] or null; y: rows of the stride given with it.</summary>
    public void Run(Recording recording, DeviceRows x, int count, params ReadOnlySpan<(DeviceMatrix Weights, DeviceBuffer? Bias, DeviceRows Y)> products)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, rows);
        WeightDtype? rounded = null;
        foreach ((DeviceMatrix weights, DeviceBuffer? bias, DeviceRows y) in products)
        {
            if (weights.RowValues > x.Stride || weights.Columns > columns) throw new ArgumentException("x is not as wide as the weights", nameof(x));
            if (!WeightFormats.IsQuantized(weights.Type))
            {
                for (int first = 0; first < count; first += MostRows) Floats(recording, weights, x, bias, y, first, Math.Min(MostRows, count - first));
                continue;
            }
            if (rounded != weights.Type) Quantize(recording, weights, x, count);
            rounded = weights.Type;
            for (int first = 0; first < count; first += MostRows) Codes(recording, weights, bias, y, first, Math.Min(MostRows, count - first));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        device.Memory.Free(_codes);
        device.Memory.Free(_scales);
    }

    private void Quantize(Recording recording, DeviceMatrix weights, DeviceRows x, int count)
    {
        int size = QuantizedLayout.GroupSize(weights.Type), groups = weights.RowValues / size;
        recording.Run(
            device.Kernel("quantize", size),
            new Arguments().Read(x.Buffer).Write(_codes).Write(_scales).Number(x.Stride).Number(groups), groups, count);
    }

    private void Floats(Recording recording, DeviceMatrix weights, DeviceRows x, DeviceBuffer? bias, DeviceRows y, int first, int count) => recording.Run(
        device.Kernel("matmul_float", Lanes, count, Format(weights.Type), bias is null ? 0 : 1),
        new Arguments().Read(weights.Values).Read(x.Buffer).Read(bias).Write(y.Buffer)
            .Number(weights.RowValues).Number(weights.Rows).Number(x.Stride).Number(y.Stride).Number(first),
        (weights.Rows + FloatRows - 1) / FloatRows);

    private void Codes(Recording recording, DeviceMatrix weights, DeviceBuffer? bias, DeviceRows y, int first, int count) => recording.Run(
        device.Kernel("matmul_quantized", count, Format(weights.Type), bias is null ? 0 : 1),
        new Arguments().Read(weights.Values).Read(weights.Scales).Read(_codes).Read(_scales).Read(bias).Write(y.Buffer)
            .Number(weights.RowValues / QuantizedLayout.GroupSize(weights.Type)).Number(weights.Rows).Number(y.Stride).Number(first),
        QuantizedLayout.Tiles(weights.Rows));

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
