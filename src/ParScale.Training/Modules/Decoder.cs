using ParScale.Configuration;
using ParScale.Model;
using ParScale.Training.Optimization;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>Token ids [B, S] to final hidden states [B, S, H]: embedding, P streams, layers, final norm, aggregation.</summary>
internal sealed class Decoder : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "embed_tokens")] private readonly TorchSharp.Modules.Embedding _embedding;
    [ComponentName(Name = "layers")] private readonly ModuleList<DecoderLayer> _layers;
    [ComponentName(Name = "norm")] private readonly RmsNorm _norm;
    [ComponentName(Name = "aggregate_layer")] private readonly Aggregation? _aggregation;
    private readonly CheckpointConfig _config;
    private readonly ScalarType _compute;
    // Held by the object: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private readonly Scalar? _embeddingScale;
    private Positions? _positions;
    private bool _anchorFrozen;

    public Decoder(CheckpointConfig config, ScalarType compute, double dropout, int prefixMlp) : base(nameof(Decoder))
    {
        _config = config;
        _compute = compute;
        _embedding = nn.Embedding(config.Model.VocabularySize, config.Model.HiddenSize);
        if (EmbeddingScale.Of(config) is not 1 and var scale) _embeddingScale = scale;
        _layers = nn.ModuleList(Enumerable.Range(0, config.Model.LayerCount).Select(i => new DecoderLayer(config, i, compute, dropout, prefixMlp)).ToArray());
        _norm = new RmsNorm(config.Model, config.Model.HiddenSize, compute);
        if (config.Streams.Count > 1) _aggregation = new Aggregation(config);
        RegisterComponents();
    }

    /// <summary>The embedding matrix [V, H], which is the head's as well when the two are tied.</summary>
    public Tensor EmbeddingWeight => _embedding.weight!;

    /// <summary>Keys and values of a layer's prefix, as the streams see them; null when P = 1.</summary>
    public (Tensor Keys, Tensor Values)? Prefix(int layer) => _layers[layer].Prefix();

    public override Tensor forward(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        return Mix(States(tokens, null)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Token ids [B, S] to the final states of every stream, after the final norm: [P, B, S, H]. Packed rows have
    /// <paramref name="offsets"/> as those of <see cref="Positions"/>; null: one text a row. <paramref name="pieces"/> parts the
    /// layers for the backward pass.
    /// </summary>
    public Tensor States(Tensor tokens, Tensor? offsets, BackwardPieces? pieces = null)
    {
        using var scope = NewDisposeScope();
        Positions? packed = offsets is null ? null : new Positions(_config, offsets, _compute);
        using Positions? passing = pieces is null ? packed : null;
        if (packed is not null) pieces?.Keep(packed);
        Positions positions = packed ?? PositionsFor(tokens);
        Tensor embedded = _embedding.forward(tokens);
        if (_embeddingScale is not null) embedded = embedded * _embeddingScale;
        Tensor anchor = embedded, hidden = embedded.repeat(_config.Streams.Count - (_anchorFrozen ? 1 : 0), 1, 1);
        for (int i = 0; i < _layers.Count; i++)
        {
            DecoderLayer layer = _layers[i];
            Func<Tensor, Tensor> forward = _anchorFrozen ? Beside(layer, ref anchor, positions, pieces) : states => layer.forward(states, positions);
            hidden = pieces?.Through(i, hidden, forward) ?? forward(hidden);
        }
        if (_anchorFrozen) hidden = cat([anchor, hidden], 0);
        return _norm.forward(hidden).unflatten(0, _config.Streams.Count, tokens.shape[0]).MoveToOuterDisposeScope();
    }

    /// <summary>Final states of all streams, [P, B, S, H], to one, [B, S, H].</summary>
    public Tensor Mix(Tensor states) => _aggregation is null ? states.squeeze(0) : _aggregation.forward(states);

    /// <summary>The first <paramref name="count"/> of the states of all streams, [P, B, S, H], to one, [B, S, H].</summary>
    public Tensor MixFirst(Tensor states, int count)
    {
        if (count == _config.Streams.Count) return Mix(states);
        return count == 1 || _aggregation is null ? states[0] : _aggregation.MixFirst(states, count);
    }

    /// <summary>Final states of the streams that <paramref name="present"/>, [P, B, S], has a 1 for, to one, [B, S, H].</summary>
    public Tensor MixPresent(Tensor states, Tensor present) => _aggregation is null ? states.squeeze(0) : _aggregation.MixPresent(states, present);

    /// <summary>From now on the anchor of an anchored model, of whose weights none learns, is computed without a gradient.</summary>
    public void FreezeAnchor() => _anchorFrozen = _config.Streams.Anchored;

    /// <summary>From now on stream 0 does not see its prefix.</summary>
    public void HideFirstPrefix()
    {
        foreach (DecoderLayer layer in _layers) layer.HideFirstPrefix();
    }

    /// <summary>How much each stream counts in <see cref="Mix"/>: [B, S, P], of sum 1; all 1 when P = 1.</summary>
    public Tensor MixingWeights(Tensor states) =>
        _aggregation is null ? ones([states.shape[1], states.shape[2], 1], device: states.device) : _aggregation.Weights(states);

    protected override void Dispose(bool disposing)
    {
        if (disposing) _positions?.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>What a layer makes of the helpers' states; the anchor's go through it now. Layers that are computed again need its keys and values until then.</summary>
    private static Func<Tensor, Tensor> Beside(DecoderLayer layer, ref Tensor anchor, Positions positions, BackwardPieces? pieces)
    {
        (Tensor Keys, Tensor Values) seen;
        using (no_grad()) (anchor, seen.Keys, seen.Values) = layer.Anchor(anchor, positions);
        pieces?.Keep(seen.Keys.DetachFromDisposeScope());
        pieces?.Keep(seen.Values.DetachFromDisposeScope());
        return states => layer.Helpers(states, seen, positions);
    }

    /// <summary>The tables of the last length are kept: a run uses one length, an evaluation ends with a shorter one.</summary>
    private Positions PositionsFor(Tensor tokens)
    {
        long length = tokens.shape[1];
        if (_positions?.Length == length && _positions.Device.type == tokens.device.type) return _positions;
        _positions?.Dispose();
        return _positions = new Positions(_config, length, _compute, tokens.device);
    }
}
