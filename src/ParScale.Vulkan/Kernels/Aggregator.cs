using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// The two ends of the aggregation; between them stand products and SiLU. Streams of a token are rows that an entry of a table
/// names: [tokens, 2], the row of stream 0 and the rows from a stream to the next; of an anchored set [tokens, 4], the rows of the anchor and of the first
/// helper, and 64 bits, one for each stream that runs.
/// </summary>
internal static class Aggregator
{
    /// <summary>Most streams.</summary>
    public const int MostStreams = 64;

    private const int Lanes = 256;

    /// <summary>The P states of each token side by side, zeros for a stream that does not run. x: [rows, H]; y: [tokens, H * P].</summary>
    public static void Join(
        VulkanDevice device, Recording recording, DeviceRows x, DeviceBuffer table, int tokens, int streams, int hidden, DeviceRows y,
        bool anchored = false) => recording.Run(
        device.Kernel("join", Lanes, anchored ? 1 : 0),
        new Arguments().Read(x.Buffer).Read(table).Write(y.Buffer).Number(streams).Number(hidden * streams).Number(x.Stride).Number(y.Stride),
        (y.Stride + Lanes - 1) / Lanes, tokens);

    /// <summary>The smoothed softmax of z, [tokens, P], over the streams that run, and the sum of these by it. weights: [tokens, P]; y: [tokens, H].</summary>
    public static void Mix(
        VulkanDevice device, Recording recording, DeviceRows z, DeviceRows x, DeviceBuffer table, int tokens, int streams, int hidden, float smoothing,
        DeviceBuffer weights, DeviceRows y, bool anchored = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(streams, MostStreams);
        recording.Run(
            device.Kernel("mix", Lanes, anchored ? 1 : 0),
            new Arguments().Read(z.Buffer).Read(x.Buffer).Read(table).Write(weights).Write(y.Buffer)
                .Number(streams).Number(hidden).Number(z.Stride).Number(x.Stride).Number(y.Stride).Number(smoothing),
            tokens);
    }
}
