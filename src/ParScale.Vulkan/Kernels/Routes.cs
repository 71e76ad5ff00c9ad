using ParScale.Configuration;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// Which rows run through which experts. A row has a place for each expert that it chose; places are sorted by expert, then by row, so the rows of
/// an expert lie together. Router and products with experts are those of <see cref="MatMul"/>.
/// </summary>
internal sealed class Routes : IDisposable
{
    /// <summary>Most rows, experts, and experts of a row; as in route.comp.</summary>
    public const int MostRows = 256, MostExperts = 512, MostChosen = 12;

    private const int Lanes = 256;

    private readonly VulkanDevice _device;
    private readonly ExpertsConfig _config;

    /// <summary>Room for a number of rows.</summary>
    public Routes(VulkanDevice device, ExpertsConfig config, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MostRows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(config.Count, MostExperts);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(config.Chosen, MostChosen);
        (_device, _config) = (device, config);
        Buffer = device.Memory.Allocate((config.Count + 1 + 3L * rows * config.Chosen) * sizeof(uint));
    }

    /// <summary>E.</summary>
    public int Experts => _config.Count;

    /// <summary>As routes.glsl describes it.</summary>
    public DeviceBuffer Buffer { get; }

    /// <summary>Chooses the experts of rows. logits: [rows, E], as the router gave them.</summary>
    public void Choose(Recording recording, DeviceRows logits, int rows) => recording.Run(
        _device.Kernel("route"),
        new Arguments().Read(logits.Buffer).Write(Buffer)
            .Number(rows).Number(logits.Stride).Number(Experts).Number(_config.Chosen).Number(_config.Normalized ? 1 : 0),
        1);

    /// <summary>
    /// y = the sum of a row's experts, each times its weight, and of the shared block times the sigmoid of its gate; with a factor, y += factor * that.
    /// results: [places, columns]; y: [rows, columns].
    /// </summary>
    public void Combine(
        Recording recording, DeviceRows results, (DeviceRows Result, DeviceRows Gate)? shared, int rows, int columns, DeviceRows y,
        float? factor = null) => recording.Run(
        _device.Kernel("combine", Lanes, shared is null ? 0 : 1, factor is null ? 0 : 1),
        new Arguments().Read(results.Buffer).Read(shared?.Result.Buffer).Read(shared?.Gate.Buffer)
            .Read(Buffer).Update(y.Buffer).Number(rows).Number(Experts).Number(_config.Chosen).Number(columns)
            .Number(results.Stride).Number(shared?.Result.Stride ?? 0).Number(shared?.Gate.Stride ?? 0).Number(y.Stride).Number(factor ?? 1),
        (columns + Lanes - 1) / Lanes, rows);

    /// <inheritdoc/>
    public void Dispose() => _device.Memory.Free(Buffer);
}
