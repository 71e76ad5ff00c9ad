using ParScale.Configuration;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// Embedding lookup, norms and gates. What they write as floats has zeros up to its stride, as products need it; what products would round
/// they round themselves.
/// </summary>
internal static class Elementwise
{
    private const int Lanes = 256;

    /// <summary>y[r] = factor * row ids[r] of a table. Leaves what lies behind the columns as it is.</summary>
    public static void Embed(VulkanDevice device, Recording recording, DeviceMatrix table, DeviceBuffer ids, int rows, float factor, DeviceRows y) => recording.Run(
        device.Kernel("embed", Lanes, MatMul.Format(table.Type)),
        new Arguments().Read(table.Values).Read(table.Scales).Read(ids).Write(y.Buffer)
            .Number(table.Columns).Number(table.RowValues).Number(y.Stride).Number(factor),
        rows);

    /// <summary>y = weight * x / rms(x); x itself where there is no weight.</summary>
    public static void Norm(VulkanDevice device, Recording recording, DeviceRows x, int rows, int columns, DeviceBuffer? weight, float epsilon, ProductInput y) =>
        Norm(device, recording, x, 0, null, null, 1, null, rows, columns, weight, epsilon, y);

    /// <summary>x += factor * delta, then the norm of it; x itself where there is no weight. delta: the stride of x.</summary>
    public static void AddAndNorm(
        VulkanDevice device, Recording recording, DeviceRows x, DeviceBuffer delta, int rows, int columns, DeviceBuffer? weight, float epsilon, ProductInput y,
        float factor = 1) => Norm(device, recording, x, 1, delta, null, factor, null, rows, columns, weight, epsilon, y);

    /// <summary>
    /// x += deltaWeight * delta / rms(delta), of families with norms behind blocks, then the norm of x; x itself where there is no weight. delta:
    /// the stride of x.
    /// </summary>
    public static void AddNormedAndNorm(
        VulkanDevice device, Recording recording, DeviceRows x, DeviceBuffer delta, DeviceBuffer deltaWeight, int rows, int columns, DeviceBuffer? weight,
        float epsilon, ProductInput y) => Norm(device, recording, x, 2, delta, deltaWeight, 1, null, rows, columns, weight, epsilon, y);

    /// <summary>
    /// The norm of chosen rows of x, which stays as it is; with a delta of x + delta, with its weight also of x + deltaWeight * delta / rms(delta).
    /// table: [rows], the row of x for each of y.
    /// </summary>
    public static void NormOfRows(
        VulkanDevice device, Recording recording, DeviceRows x, DeviceBuffer? delta, DeviceBuffer table, int rows, int columns, DeviceBuffer? weight, float epsilon,
        ProductInput y, DeviceBuffer? deltaWeight = null, float factor = 1) =>
        Norm(device, recording, x, delta is null ? 0 : deltaWeight is null ? 1 : 2, delta, deltaWeight, factor, table, rows, columns, weight, epsilon, y);

    /// <summary>y = activation(gate) * up; both of one stride. y may be gate where it is not rounded.</summary>
    public static void Gate(VulkanDevice device, Recording recording, Activation activation, DeviceRows gate, DeviceRows up, int rows, int columns, ProductInput y)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(up.Stride, gate.Stride);
        Gate(device, recording, activation == Activation.GeluTanh ? 1 : 0, gate, up, rows, columns, y);
    }

    /// <summary>y = silu(x). y may be x where it is not rounded.</summary>
    public static void Silu(VulkanDevice device, Recording recording, DeviceRows x, int rows, int columns, ProductInput y) =>
        Gate(device, recording, 2, x, null, rows, columns, y);

    private static void Gate(
        VulkanDevice device, Recording recording, int kind, DeviceRows gate, DeviceRows? up, int rows, int columns, ProductInput y) => recording.Run(
        device.Kernel("gate", Lanes, kind, y.GroupSize),
        y.WrittenBy(new Arguments().Read(gate.Buffer).Read(up?.Buffer))
            .Number(columns).Number(gate.Stride).Number(y.Rows.Stride).Number(y.Groups),
        MatMul.Blocks(y.Width), rows);

    private static void Norm(
        VulkanDevice device, Recording recording, DeviceRows x, int add, DeviceBuffer? delta, DeviceBuffer? deltaWeight, float factor, DeviceBuffer? table, int rows,
        int columns, DeviceBuffer? weight, float epsilon, ProductInput y) => recording.Run(
            device.Kernel("norm", Lanes, add, table is null ? 0 : 1, weight is null ? 0 : 1, y.GroupSize),
            y.WrittenBy(new Arguments().Update(x.Buffer).Read(delta).Read(deltaWeight).Read(weight).Read(table))
                .Number(columns).Number(x.Stride).Number(y.Rows.Stride).Number(y.Groups).Number(epsilon).Number(factor),
            rows);
}
