using System.Runtime.InteropServices;
using ParScale.Kernels.Memory;
using ParScale.Vulkan.Kernels;

namespace ParScale.Vulkan.Runtime;

/// <summary>Buffers that are freed together. For whoever holds the device's gate.</summary>
internal sealed class DeviceBuffers(VulkanDevice device) : IDisposable
{
    private readonly List<DeviceBuffer> _all = [];

    /// <summary>A buffer whose content is not defined.</summary>
    public DeviceBuffer Allocate(long bytes, Place place = Place.Device)
    {
        DeviceBuffer buffer = device.Memory.Allocate(bytes, place);
        _all.Add(buffer);
        return buffer;
    }

    /// <summary>Room for rows of a number of columns.</summary>
    public DeviceRows Rows(int rows, int columns)
    {
        int stride = DeviceRows.Padded(columns);
        return new DeviceRows(Allocate((long)rows * stride * sizeof(float)), stride);
    }

    /// <summary>A copy of values.</summary>
    public DeviceBuffer Upload<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        DeviceBuffer buffer = Allocate(bytes.Length);
        device.Upload(bytes, buffer);
        return buffer;
    }

    /// <summary>A copy of a vector; null where there is none.</summary>
    public DeviceBuffer? Vector(float[] values) => values.Length == 0 ? null : Upload<float>(values);

    /// <summary>A copy of weights, of several joined ones.</summary>
    public DeviceMatrix Matrix(params ReadOnlySpan<WeightMatrix> weights)
    {
        DeviceMatrix matrix = DeviceMatrix.From(device, weights);
        _all.Add(matrix.Values);
        if (matrix.Scales is { } scales) _all.Add(scales);
        return matrix;
    }

    /// <summary>A copy of the biases of joined weights; null where there are none.</summary>
    public DeviceBuffer? Biases(params ReadOnlySpan<float[]> biases)
    {
        DeviceBuffer? joined = DeviceMatrix.JoinBiases(device, biases);
        if (joined is not null) _all.Add(joined);
        return joined;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DeviceBuffer buffer in _all) device.Memory.Free(buffer);
        _all.Clear();
    }
}
