using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>Where the result of a block goes: to the residual stream, times a factor, or where the norm behind the block reads it.</summary>
/// <param name="Y">[R, H]</param>
/// <param name="Factor">What it is multiplied with and added; null: it is written.</param>
internal readonly record struct BlockResult(DeviceRows Y, float? Factor)
{
    /// <summary>The last product of a block.</summary>
    public void From(MatMul product, Recording recording, ProductInput x, int rows, DeviceLinear linear)
    {
        if (Factor is { } factor) product.Add(recording, x, rows, linear.Weights, linear.Bias, factor, Y);
        else product.Run(recording, x, rows, (linear.Weights, linear.Bias, Y));
    }
}

/// <summary>Records feed-forward blocks, dense ones and those of experts.</summary>
internal sealed class FeedForwardRecorder(VulkanDevice device, int hidden, PassScratch scratch)
{
    /// <summary>Where the norm before a layer's block is to put what the block reads.</summary>
    public ProductInput InputFor(DeviceLayer layer) =>
        layer.FeedForward is { } dense ? scratch.Product.InputFor(dense.GateAndUp.Weights, scratch.Normed) : scratch.Normed;

    /// <summary>The block of a layer. x: as <see cref="InputFor"/> has it.</summary>
    public void Run(Recording recording, DeviceLayer layer, ProductInput x, int rows, BlockResult result)
    {
        if (layer.FeedForward is { } dense) Dense(recording, dense, x, rows, result);
        else Experts(recording, layer.Experts!, x, rows, result);
    }

    private void Dense(Recording recording, DeviceFeedForward block, ProductInput x, int rows, BlockResult result)
    {
        PassScratch s = scratch;
        s.Product.Run(recording, x, rows, (block.GateAndUp.Weights, block.GateAndUp.Bias, s.GateAndUp));
        ProductInput gated = s.Product.InputFor(block.Down.Weights, s.Gated with { Stride = DeviceRows.Padded(block.Width) });
        Elementwise.Gate(device, recording, block.Activation, s.GateAndUp, s.GateAndUp.From(block.Up), rows, block.Width, gated);
        result.From(s.Product, recording, gated, rows, block.Down);
    }

    // The router reads floats. Experts and the block of all rows share one rounding of what they read.
    private void Experts(Recording recording, DeviceExperts block, ProductInput x, int rows, BlockResult result)
    {
        (ExpertScratch s, MatMul product) = (scratch.Experts!, scratch.Product);
        Routes routes = s.Routes(block.Config);
        int places = rows * block.Config.Chosen;
        product.Run(recording, x, rows, (block.Router, null, s.Logits));
        if (block.SharedGate is { } gate) product.Run(recording, x, rows, (gate, null, s.SharedGate));
        routes.Choose(recording, s.Logits, rows);
        ProductInput input = product.Round(recording, block.GateAndUp, x, rows);
        product.RunExperts(recording, input, places: false, rows, routes, block.GateAndUp, block.Up + block.Width, s.GateAndUp);
        ProductInput gated = s.Product.InputFor(block.Down, s.Gated with { Stride = DeviceRows.Padded(block.Width) });
        Elementwise.Gate(device, recording, block.Activation, s.GateAndUp, s.GateAndUp.From(block.Up), places, block.Width, gated);
        s.Product.RunExperts(recording, gated, places: true, places, routes, block.Down, hidden, s.Results);
        if (block.Shared is { } shared) Dense(recording, shared, input, rows, new BlockResult(s.Shared, null));
        routes.Combine(recording, s.Results, block.Shared is null ? null : (s.Shared, s.SharedGate), rows, hidden, result.Y, result.Factor);
    }
}
