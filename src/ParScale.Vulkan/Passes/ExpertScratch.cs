using ParScale.Configuration;
using ParScale.Model;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>What blocks of experts need beside the buffers of a pass: a row has a place for each expert that it chose.</summary>
internal sealed class ExpertScratch : IDisposable
{
    private readonly DeviceBuffers _buffers;
    private readonly Dictionary<ExpertsConfig, Routes> _routes = [];

    public ExpertScratch(VulkanDevice device, ModelConfig config)
    {
        _buffers = new DeviceBuffers(device);
        (int places, int width) = Most(config);
        Product = new MatMul(device, places, width);
        foreach (LayerConfig layer in config.Layers)
            if (layer.FeedForward.Experts is { } experts && !_routes.ContainsKey(experts)) _routes[experts] = new Routes(device, experts, ForwardPass.MostRows);
        Logits = _buffers.Rows(ForwardPass.MostRows, _routes.Keys.Max(experts => experts.Count));
        GateAndUp = _buffers.Rows(places, 2 * DeviceMatrix.Padded(width));
        Gated = _buffers.Rows(places, width);
        Results = _buffers.Rows(places, config.HiddenSize);
        Shared = _buffers.Rows(ForwardPass.MostRows, config.HiddenSize);
        SharedGate = _buffers.Rows(ForwardPass.MostRows, 1);
    }

    /// <summary>Products with what lies at places.</summary>
    public MatMul Product { get; }

    /// <summary>[R, E]</summary>
    public DeviceRows Logits { get; }

    /// <summary>[places, 2 I]</summary>
    public DeviceRows GateAndUp { get; }

    /// <summary>[places, I]</summary>
    public DeviceRows Gated { get; }

    /// <summary>[places, H]</summary>
    public DeviceRows Results { get; }

    /// <summary>[R, H] what the block of all rows gave.</summary>
    public DeviceRows Shared { get; }

    /// <summary>[R, 1] its gate.</summary>
    public DeviceRows SharedGate { get; }

    /// <summary>Bytes of all that, nearly; 0 for a model without experts.</summary>
    public static long BytesFor(ModelConfig config)
    {
        if (config.Layers.All(layer => layer.FeedForward.Experts is null)) return 0;
        (int places, int width) = Most(config);
        return ((long)places * (config.HiddenSize + 3L * width) + ForwardPass.MostRows * (long)config.HiddenSize) * sizeof(float);
    }

    /// <summary>Where choices of such experts lie.</summary>
    public Routes Routes(ExpertsConfig config) => _routes[config];

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffers.Dispose();
        Product.Dispose();
        foreach (Routes routes in _routes.Values) routes.Dispose();
    }

    private static (int Places, int Width) Most(ModelConfig config)
    {
        FeedForwardConfig[] blocks = [.. config.Layers.Select(layer => layer.FeedForward).Where(block => block.Experts is not null)];
        return (ForwardPass.MostRows * blocks.Max(block => block.Experts!.Chosen), blocks.Max(block => block.Width));
    }
}
