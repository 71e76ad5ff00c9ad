using ParScale.Configuration;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>y = x W^T + bias.</summary>
/// <param name="Weights">[outputs, inputs]</param>
/// <param name="Bias">[outputs], or null.</param>
internal sealed record DeviceLinear(DeviceMatrix Weights, DeviceBuffer? Bias)
{
    /// <summary>Multiply-adds for one row.</summary>
    public long Products => (long)Weights.Rows * Weights.Columns;
}

/// <summary>The weights of a layer, and what it computes with them. Norms are null where it has none.</summary>
internal sealed class DeviceLayer
{
    /// <summary>Its attention.</summary>
    public required Attention Attention { get; init; }

    /// <summary>What happens to queries and keys before it, rotations aside.</summary>
    public required HeadRules Rules { get; init; }

    /// <summary>Which of the model's rotations its queries and keys take; null: none.</summary>
    public required int? Turn { get; init; }

    /// <summary>[H], before the attention block.</summary>
    public required DeviceBuffer? InputNorm { get; init; }

    /// <summary>Queries [A, H], keys [K, H] and values [K, H], joined.</summary>
    public required DeviceLinear Heads { get; init; }

    /// <summary>The column of its result where keys begin.</summary>
    public required int Keys { get; init; }

    /// <summary>The column of its result where values begin.</summary>
    public required int Values { get; init; }

    /// <summary>[H, A]</summary>
    public required DeviceLinear Output { get; init; }

    /// <summary>[H], behind the attention block.</summary>
    public required DeviceBuffer? AttentionOutputNorm { get; init; }

    /// <summary>[H], before the feed-forward block.</summary>
    public required DeviceBuffer? FeedForwardNorm { get; init; }

    /// <summary>Its feed-forward block; null where it has experts.</summary>
    public required DeviceFeedForward? FeedForward { get; init; }

    /// <summary>Its experts; null where the block is dense.</summary>
    public required DeviceExperts? Experts { get; init; }

    /// <summary>[H], behind the feed-forward block.</summary>
    public required DeviceBuffer? FeedForwardOutputNorm { get; init; }

    /// <summary>What results of blocks without a norm behind them are multiplied with before they are added.</summary>
    public required float Factor { get; init; }

    /// <summary>Multiply-adds for one row, of all that follows attention.</summary>
    public long ProductsBehindAttention => Output.Products + (FeedForward?.Products ?? Experts!.Products);
}

/// <summary>A block down(activation(gate(x)) * up(x)).</summary>
/// <param name="GateAndUp">[I, H] each, joined.</param>
/// <param name="Down">[H, I]</param>
/// <param name="Width">I.</param>
/// <param name="Activation">What the gate goes through.</param>
internal sealed record DeviceFeedForward(DeviceLinear GateAndUp, DeviceLinear Down, int Width, Activation Activation)
{
    /// <summary>The column where up begins.</summary>
    public int Up => DeviceMatrix.Padded(Width);

    /// <summary>Multiply-adds for one row.</summary>
    public long Products => GateAndUp.Products + Down.Products;
}

/// <summary>A block of E experts of width I, of which each row runs through some.</summary>
internal sealed class DeviceExperts
{
    /// <summary>How many there are and how they are chosen.</summary>
    public required ExpertsConfig Config { get; init; }

    /// <summary>What gates go through.</summary>
    public required Activation Activation { get; init; }

    /// <summary>I.</summary>
    public required int Width { get; init; }

    /// <summary>[E, H]</summary>
    public required DeviceMatrix Router { get; init; }

    /// <summary>Gate and up of one expert after the other, [I, H] each.</summary>
    public required DeviceMatrix GateAndUp { get; init; }

    /// <summary>[H, I] of one expert after the other.</summary>
    public required DeviceMatrix Down { get; init; }

    /// <summary>The block that every row runs through; null without one.</summary>
    public required DeviceFeedForward? Shared { get; init; }

    /// <summary>[1, H]; null without such a block.</summary>
    public required DeviceMatrix? SharedGate { get; init; }

    /// <summary>The column where up begins.</summary>
    public int Up => DeviceMatrix.Padded(Width);

    /// <summary>Multiply-adds for one row.</summary>
    public long Products => (long)Router.Rows * Router.Columns + 3L * Config.Chosen * Width * GateAndUp.Columns + (Shared?.Products ?? 0);
}
