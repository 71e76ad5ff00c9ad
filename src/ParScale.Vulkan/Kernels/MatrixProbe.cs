using System.Runtime.InteropServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Vulkan.Devices;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// Finds out which of a device's matrices give the bits of products without them. Vulkan leaves the precision of float16 ones to the driver, and
/// what a driver gets wrong here would be a wrong text.
/// </summary>
internal static class MatrixProbe
{
    // A tile of rows and a piece of one; groups whose sums are as large as there are, and such that fill no group.
    private const int Rows = 70, Columns = 4 * 128 + 70, Outputs = 40;

    /// <summary>The best shape whose products are right to the bit; null where there is none. For whoever holds the device's gate.</summary>
    public static MatrixShape? Choose(VulkanDevice device)
    {
        foreach (MatrixShape shape in device.Description.Matrices)
        {
            try
            {
                if (Agrees(device, shape, WeightDtype.Q8) && Agrees(device, shape, WeightDtype.Q4)) return shape;
            }
            catch (ParScaleException refused) when (!refused.IsDeviceLost)
            {
                // The driver has the extension and not this shader, or no memory to try it.
            }
            finally
            {
                // What is in force while it is tried is not proven.
                device.Matrices = null;
            }
        }
        return null;
    }

    private static bool Agrees(VulkanDevice device, MatrixShape shape, WeightDtype type)
    {
        var random = new Random(1);
        float Draw(int row, int i) => row == 0 || i / 128 == 1 ? 1 : random.Next(2) == 0 ? random.NextSingle() * 2 - 1 : random.Next(2) * 2 - 1;
        float[] weights = [.. Enumerable.Range(0, Outputs * Columns).Select(i => Draw(i / Columns, i % Columns))];
        var x = new float[Rows * DeviceRows.Padded(Columns)];
        for (int i = 0; i < x.Length; i++)
            if (i % DeviceRows.Padded(Columns) < Columns) x[i] = Draw(i / DeviceRows.Padded(Columns), i % DeviceRows.Padded(Columns));
        using WeightMatrix matrix = WeightMatrix.FromValues(weights, type, Outputs, Columns);
        using DeviceMemory.Takings taken = device.Memory.AllOrNothing();
        using var buffers = new DeviceBuffers(device);
        using var product = new MatMul(device, Rows, Columns);
        DeviceMatrix uploaded = buffers.Matrix(matrix);
        var input = new DeviceRows(buffers.Upload<float>(x), DeviceRows.Padded(Columns));
        DeviceRows[] y = [buffers.Rows(Rows, Outputs), buffers.Rows(Rows, Outputs)];
        var results = new float[2][];
        for (int i = 0; i < 2; i++)
        {
            device.Matrices = i == 0 ? null : shape;
            using (Recording recording = device.Record())
            {
                recording.Clear(y[i].Buffer);
                product.Run(recording, input, Rows, (uploaded, null, y[i]));
                recording.Submit();
            }
            results[i] = new float[Rows * y[i].Stride];
            device.Download(y[i].Buffer, MemoryMarshal.AsBytes(results[i].AsSpan()));
        }
        return MemoryMarshal.AsBytes(results[0].AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(results[1].AsSpan()));
    }
}
