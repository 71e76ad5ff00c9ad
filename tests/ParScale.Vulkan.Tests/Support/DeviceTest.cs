using System.Runtime.InteropServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Tests.Support;

/// <summary>A test on the device. The validation layer has to stay silent, recordings must be in order, and shaders be called as they are declared.</summary>
public abstract class DeviceTest : IDisposable
{
    private readonly TestDevice _test;
    private readonly List<DeviceBuffer> _buffers = [];
    private readonly List<MatMul> _products = [];

    protected DeviceTest(TestDevice test)
    {
        _test = test;
        test.Need();
    }

    internal VulkanDevice Device => _test.Device;

    public virtual void Dispose()
    {
        FreeBuffers();
        Assert.Empty(_test.TakeMessages());
        GC.SuppressFinalize(this);
    }

    /// <summary>Records, looks at the recording, and runs it.</summary>
    internal void Run(Action<Recording> record)
    {
        using Recording recording = Device.Record();
        record(recording);
        recording.Submit();
        Check(recording);
    }

    internal static void Check(Recording recording)
    {
        Assert.Empty(CommandOrder.Races(recording.Log));
        foreach (RecordedCommand command in recording.Log)
            if (command.Arguments is { } arguments) ShaderSource.Of(command.Name).Check(arguments);
    }

    internal DeviceBuffer Allocate(long bytes) => Own(Device.Memory.Allocate(bytes));

    /// <summary>Has a buffer given back with the others.</summary>
    internal DeviceBuffer Own(DeviceBuffer buffer)
    {
        _buffers.Add(buffer);
        return buffer;
    }

    internal DeviceBuffer Upload<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        DeviceBuffer buffer = Allocate(bytes.Length);
        Device.Upload(bytes, buffer);
        return buffer;
    }

    /// <summary>Rows of a number of columns, in the stride that products need; zeros, or NaN with <paramref name="behind"/>, behind the columns.</summary>
    internal DeviceRows Rows(ReadOnlySpan<float> values, int columns, float behind = 0)
    {
        int stride = DeviceRows.Padded(columns), rows = values.Length / columns;
        var padded = new float[rows * stride];
        padded.AsSpan().Fill(behind);
        for (int r = 0; r < rows; r++) values.Slice(r * columns, columns).CopyTo(padded.AsSpan(r * stride));
        return new DeviceRows(Upload<float>(padded), stride);
    }

    /// <summary>Rows that hold NaN: what a kernel does not write shows.</summary>
    internal DeviceRows Rows(int rows, int columns)
    {
        var values = new float[rows * columns];
        values.AsSpan().Fill(float.NaN);
        return Rows(values, columns, float.NaN);
    }

    internal float[] Read(DeviceRows rows, int count, int columns)
    {
        var all = new float[count * rows.Stride];
        Device.Download(rows.Buffer, MemoryMarshal.AsBytes(all.AsSpan()));
        var values = new float[count * columns];
        for (int r = 0; r < count; r++) all.AsSpan(r * rows.Stride, columns).CopyTo(values.AsSpan(r * columns));
        return values;
    }

    internal T[] Read<T>(DeviceBuffer buffer, int count) where T : unmanaged
    {
        var values = new T[count];
        Device.Download(buffer, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Uploads random weights; what stays on the host is freed.</summary>
    internal DeviceMatrix Matrix(WeightDtype type, int rows, int columns, Random random)
    {
        using WeightMatrix matrix = WeightMatrix.FromValues(Draw(random, rows * columns), type, rows, columns);
        return Matrix(matrix);
    }

    internal DeviceMatrix Matrix(params ReadOnlySpan<WeightMatrix> matrices)
    {
        DeviceMatrix uploaded = DeviceMatrix.From(Device, matrices);
        _buffers.Add(uploaded.Values);
        if (uploaded.Scales is { } scales) _buffers.Add(scales);
        return uploaded;
    }

    /// <summary>Products with room for rows and columns.</summary>
    internal MatMul Product(int rows, int columns)
    {
        var product = new MatMul(Device, rows, columns);
        _products.Add(product);
        return product;
    }

    /// <summary>Gives back what the test took so far.</summary>
    internal void FreeBuffers()
    {
        foreach (DeviceBuffer buffer in _buffers) Device.Memory.Free(buffer);
        _buffers.Clear();
        foreach (MatMul product in _products) product.Dispose();
        _products.Clear();
    }

    internal static float[] Draw(Random random, int count, float most = 1)
    {
        var values = new float[count];
        foreach (ref float value in values.AsSpan()) value = (random.NextSingle() * 2 - 1) * most;
        return values;
    }

    /// <summary>
    /// Fails where values differ by more than a share of the largest expected one, or of <paramref name="least"/> if that is larger, or one is NaN
    /// and the other is not.
    /// </summary>
    internal static void Close(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double allowed, string what, double least = 1e-30)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = least, error = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (float.IsNaN(expected[i]) && float.IsNaN(actual[i])) continue;
            largest = Math.Max(largest, Math.Abs((double)expected[i]));
            double off = Math.Abs((double)expected[i] - actual[i]);
            error = double.IsNaN(off) ? double.PositiveInfinity : Math.Max(error, off);
        }
        Assert.True(error <= allowed * largest, $"{what}: off by {error:e1} of {largest:e1}");
    }
}
