using ParScale.Configuration;
using ParScale.Configuration.Rotations;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// What every layer needs to know about rows of S tokens: where each token stands in its text, and who sees whom. Rows are one text
/// each, or several documents packed one after the other, none of which sees another. Layers that turn alike share a table, and layers
/// with equal windows a mask.
/// </summary>
internal sealed class Positions : IDisposable
{
    // Held here: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private static readonly Scalar Hidden = double.NegativeInfinity;

    private readonly Dictionary<Rotation, RotaryTable> _tables = [];
    private readonly Dictionary<long, Tensor> _masks = [];

    /// <summary>Rows of one text: token s stands at position s and sees the tokens up to itself, or the last ones of them in a window.</summary>
    public Positions(CheckpointConfig config, long length, ScalarType type, Device? device = null)
    {
        (Length, Device) = (length, device ?? CPU);
        foreach (Rotation rotation in config.Model.Rotations) _tables[rotation] = new RotaryTable(rotation, length, type, device: Device);
        using var scope = NewDisposeScope();
        AddMasks(config, ones([length, length], ScalarType.Bool, Device).tril(), type);
    }

    /// <summary>
    /// Packed rows. <paramref name="offsets"/>, [B, S], int64, tells how far each token is from the first of its document; 0 begins a
    /// document. A token sees the prefix and its own document up to itself: what it would see were the document alone. Frequencies that
    /// follow the length are those of a text of S tokens, which are the document's own only up to the length that <c>train</c> allows.
    /// </summary>
    public Positions(CheckpointConfig config, Tensor offsets, ScalarType type)
    {
        (Length, Device) = (offsets.shape[1], offsets.device);
        foreach (Rotation rotation in config.Model.Rotations)
        {
            using var table = new RotaryTable(rotation, Length, type, device: Device);
            _tables[rotation] = table.At(offsets, config.Streams.Count);
        }
        using var scope = NewDisposeScope();
        Tensor document = offsets.IsZero().cumsum(1);
        AddMasks(config, document.unsqueeze(2).SameAs(document.unsqueeze(1)).tril().unsqueeze(1), type);
    }

    /// <summary>The number of tokens S of a row.</summary>
    public long Length { get; }

    /// <summary>Where the tables are.</summary>
    public Device Device { get; }

    /// <summary>How queries and keys of a layer turn; null where they do not.</summary>
    public RotaryTable? Rotary(Rotation? rotation) => rotation is null ? null : _tables[rotation];

    /// <summary>
    /// Additive mask of the layers with a window, null for those without: 0 where a query may look, else minus infinity; [S, prefix + S] for
    /// all rows, or [B, 1, S, prefix + S] for packed rows, the same for every stream and head.
    /// </summary>
    public Tensor Mask(int? window) => _masks[Seen(window)];

    public void Dispose()
    {
        foreach (RotaryTable table in _tables.Values) table.Dispose();
        foreach (Tensor mask in _masks.Values) mask.Dispose();
    }

    /// <summary>One for each window, of who sees whom without windows, [..., S, S].</summary>
    private void AddMasks(CheckpointConfig config, Tensor seen, ScalarType type)
    {
        Tensor prefix = zeros([.. seen.shape[..^1], config.Streams.PrefixTokens], device: Device);
        foreach (long window in config.Model.Layers.Select(layer => Seen(layer.Attention.Window)).Distinct())
        {
            // The window counts tokens, the one that looks included; the slots before them are always seen.
            Tensor hidden = zeros(seen.shape, device: Device).masked_fill(seen.triu(1 - window).logical_not(), Hidden);
            _masks[window] = cat([prefix, hidden], -1).to(type).DetachFromDisposeScope();
        }
    }

    /// <summary>How many tokens of a row a token sees at most.</summary>
    private long Seen(int? window) => Math.Min(window ?? Length, Length);
}
