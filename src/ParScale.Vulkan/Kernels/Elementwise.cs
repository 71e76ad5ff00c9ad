using ParScale.Configuration;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>Embedding lookup, norms and gates. What they write has zeros up to its stride, as products need it.</summary>
internal static class Elementwise
{
    private const int Lanes = 256;

    /// <summary>y[r] = factor * row ids[r] of a table. Leaves what lies behind the columns as it is.</summary>
    public static void Embed(VulkanDevice device, Recording recording, DeviceMatrix table, DeviceBuffer ids, int rows, float factor, DeviceRows y) => recording.Run(
        device.Kernel("embed", Lanes, MatMul.Format(table.Type)),
        new Arguments().Read(table.Values).Read(table.Scales).Read(ids).Write(y.Buffer).Number(table.Columns).Number(table.RowValues).Number(y.Stride).Number(factor),
        rows);

    /// <summary>y = weight * x / rms(x).</summary>
    public static void Norm(VulkanDevice device, Recording recording, DeviceRows x, int rows, int columns, DeviceBuffer weight, float epsilon, DeviceRows y) =>
        Norm(device, recording, x, null, null, rows, columns, weight, epsilon, y);

    /// <summary>x += delta, then the norm of it. delta: the stride of x.</summary>
    public static void AddAndNorm(
        VulkanDevice device, Recording recording, DeviceRows x, DeviceBuffer delta, int rows, int columns, DeviceBuffer weight, float epsilon, DeviceRows y) =>
        Norm(device, recording, x, delta, null, rows, columns, weight, epsilon, y);

    /// <summary>The norm of x + delta in chosen rows, which stays as it is. table: [rows], the row of x for each of y.</summary>
    public static void NormOfRows(
        VulkanDevice device, Recording recording, DeviceRows x, DeviceBuffer delta, DeviceBuffer table, int rows, int columns, DeviceBuffer weight, float epsilon,
        DeviceRows y) => Norm(device, recording, x, delta, table, rows, columns, weight, epsilon, y);

    /// <summary>y = activation(gate) * up; all of one stride. y may be gate.</summary>
    public static void Gate(VulkanDevice device, Recording recording, Activation activation, DeviceRows gate, DeviceRows up, int rows, int columns, DeviceRows y) =>
        Gate(device, recording, activation == Activation.GeluTanh ? 1 : 0, gate, up.Buffer, rows, columns, y);

    /// <summary>y = silu(x), of one stride. y may be x.</summary>
    public static void Silu(VulkanDevice device, Recording recording, DeviceRows x, int rows, int columns, DeviceRows y) =>
        Gate(device, recording, 2, x, null, rows, columns, y);

    private static void Gate(VulkanDevice device, Recording recording, int kind, DeviceRows gate, DeviceBuffer? up, int rows, int columns, DeviceRows y)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Stride, gate.Stride);
        recording.Run(
            device.Kernel("gate", Lanes, kind),
            new Arguments().Read(gate.Buffer).Read(up).Write(y.Buffer).Number(columns).Number(gate.Stride), (gate.Stride + Lanes - 1) / Lanes, rows);
    }

    private static void Norm(
        VulkanDevice device, Recording recording, DeviceRows x, DeviceBuffer? delta, DeviceBuffer? table, int rows, int columns, DeviceBuffer weight, float epsilon,
        DeviceRows y) => recording.Run(
            device.Kernel("norm", Lanes, delta is null ? 0 : 1, table is null ? 0 : 1),
            new Arguments().Update(x.Buffer).Read(delta).Read(weight).Read(table).Write(y.Buffer).Number(columns).Number(x.Stride).Number(y.Stride).Number(epsilon),
            rows);
}
