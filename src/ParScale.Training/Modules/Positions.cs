using ParScale.Configuration;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// What every layer needs to know about rows of S tokens: where each token stands in its text, and who sees whom. Rows are one text
/// each, or several documents packed one after the other, none of which sees another.
/// </summary>
internal sealed class Positions : IDisposable
{
    // Held here: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private static readonly Scalar Hidden = double.NegativeInfinity;

    /// <summary>Rows of one text: token s stands at position s and sees the tokens up to itself.</summary>
    public Positions(CheckpointConfig config, long length, ScalarType type, Device? device = null)
    {
        Length = length;
        Rotary = new RotaryTable(length, config.Model.HeadSize, config.Model.RopeTheta, type, device: device);
        using var scope = NewDisposeScope();
        Tensor prefix = zeros(length, config.Streams.PrefixTokens);
        Tensor causal = full([length, length], Hidden).triu(1);
        Mask = cat([prefix, causal], 1).to(type).to(device ?? CPU).DetachFromDisposeScope();
    }

    /// <summary>
    /// Packed rows. <paramref name="offsets"/>, [B, S], int64, tells how far each token is from the first of its document; 0 begins a
    /// document. A token sees the prefix and its own document up to itself: what it would see were the document alone.
    /// </summary>
    public Positions(CheckpointConfig config, Tensor offsets, ScalarType type)
    {
        Length = offsets.shape[1];
        using var scope = NewDisposeScope();
        using var table = new RotaryTable(Length, config.Model.HeadSize, config.Model.RopeTheta, type, device: offsets.device);
        Rotary = table.At(offsets, config.Streams.Count);
        Tensor document = offsets.IsZero().cumsum(1);
        Tensor allowed = document.unsqueeze(2).SameAs(document.unsqueeze(1)).tril();
        Tensor hidden = zeros(allowed.shape, device: offsets.device).masked_fill(allowed.logical_not(), Hidden);
        Tensor prefix = zeros([offsets.shape[0], Length, config.Streams.PrefixTokens], device: offsets.device);
        Mask = cat([prefix, hidden], 2).unsqueeze(1).to(type).DetachFromDisposeScope();
    }

    /// <summary>The number of tokens S of a row.</summary>
    public long Length { get; }

    public RotaryTable Rotary { get; }

    /// <summary>
    /// Additive mask, 0 where a query may look, else minus infinity: [S, prefix + S] for all rows, or [B, 1, S, prefix + S] for packed
    /// rows, the same for every stream and head.
    /// </summary>
    public Tensor Mask { get; }

    public void Dispose()
    {
        Rotary.Dispose();
        Mask.Dispose();
    }
}
