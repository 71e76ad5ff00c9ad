using ParScale.Configuration;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// Grouped-query attention of all streams at once. Input [P * B, S, H], row p * B + b belongs to stream p. With P &gt; 1
/// the stream's own prefix keys and values, [P, kv heads, prefix, D], stand in front: as they are, neither normed nor rotated, seen by
/// every query. An anchored model has those of its helpers, [P - 1, ...] (<see cref="AnchoredAttention"/>).
/// </summary>
internal sealed class SelfAttention : nn.Module<Tensor, Positions, Tensor>
{
    [ComponentName(Name = "q_proj")] private readonly Linear _queryProjection;
    [ComponentName(Name = "k_proj")] private readonly Linear _keyProjection;
    [ComponentName(Name = "v_proj")] private readonly Linear _valueProjection;
    [ComponentName(Name = "o_proj")] private readonly Linear _outputProjection;
    [ComponentName(Name = "q_norm")] private readonly RmsNorm? _queryNorm;
    [ComponentName(Name = "k_norm")] private readonly RmsNorm? _keyNorm;
    [ComponentName(Name = "prefix_k")] private readonly Parameter? _prefixKeys;
    [ComponentName(Name = "prefix_v")] private readonly Parameter? _prefixValues;
    [ComponentName(Name = PrefixMlp.Name)] private readonly PrefixMlp? _prefixMlp;
    private readonly CheckpointConfig _config;
    private readonly AttentionConfig _attention;
    private bool _firstPrefixHidden;

    // Held here: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private static readonly Scalar Unseen = double.NegativeInfinity;

    // Held by the object: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private readonly Scalar _scale;
    private readonly Scalar? _cap, _perCap;
    private readonly Scalar? _most, _least;

    /// <summary>With P &gt; 1 and <paramref name="prefixMlp"/> &gt; 0 a <see cref="PrefixMlp"/> of that width adds to the prefixes.</summary>
    public SelfAttention(CheckpointConfig config, AttentionConfig attention, ScalarType compute, int prefixMlp = 0) : base(nameof(SelfAttention))
    {
        (_config, _attention) = (config, attention);
        ModelConfig model = config.Model;
        _scale = attention.Scale;
        if (attention.SoftCap is { } cap) (_cap, _perCap) = (cap, 1 / cap);
        if (attention.Clip is { } clip) (_least, _most) = (-clip, clip);
        int queryWidth = model.AttentionHeads * model.HeadSize;
        int keyWidth = model.KeyValueHeads * model.HeadSize;
        _queryProjection = nn.Linear(model.HiddenSize, queryWidth, attention.InputBias);
        _keyProjection = nn.Linear(model.HiddenSize, keyWidth, attention.InputBias);
        _valueProjection = nn.Linear(model.HiddenSize, keyWidth, attention.InputBias);
        _outputProjection = nn.Linear(queryWidth, model.HiddenSize, attention.OutputBias);
        if (attention.QueryKeyNorm != QueryKeyNorm.None)
        {
            bool heads = attention.QueryKeyNorm == QueryKeyNorm.Head;
            _queryNorm = new RmsNorm(model, heads ? model.HeadSize : queryWidth, compute);
            _keyNorm = new RmsNorm(model, heads ? model.HeadSize : keyWidth, compute);
        }
        if (config.Streams.Count > 1)
        {
            long[] shape = [config.Streams.Prefixes, model.KeyValueHeads, config.Streams.PrefixTokens, model.HeadSize];
            _prefixKeys = nn.Parameter(zeros(shape));
            _prefixValues = nn.Parameter(zeros(shape));
            if (prefixMlp > 0) _prefixMlp = new PrefixMlp(config, prefixMlp);
        }
        RegisterComponents();
    }

    /// <summary>Keys and values of the prefix, [P, kv heads, prefix, D], as the streams see them; null when P = 1.</summary>
    public (Tensor Keys, Tensor Values)? Prefix() => (_prefixKeys, _prefixValues) switch
    {
        ({ } keys, { } values) => _prefixMlp?.forward(keys, values) ?? (keys, values),
        _ => null,
    };

    /// <summary>
    /// From now on the queries of stream 0 give its prefix no attention at all, so it computes what the plain model does. With P &gt; 1.
    /// </summary>
    public void HideFirstPrefix() => _firstPrefixHidden = true;

    public override Tensor forward(Tensor input, Positions positions)
    {
        using var scope = NewDisposeScope();
        (Tensor queries, Tensor keys, Tensor values) = Projected(input, positions);
        if (_config.Streams.Anchored)
            return Output(AnchoredAttention.Mix(queries, keys, values, Prefix()!.Value, positions.Mask(_attention.Window), Capped)).MoveToOuterDisposeScope();
        if (Prefix() is var (prefixKeys, prefixValues))
        {
            keys = WithPrefix(keys, prefixKeys);
            values = WithPrefix(values, prefixValues);
        }
        int hiddenSlots = _firstPrefixHidden ? _config.Streams.PrefixTokens : 0;
        return Output(Mix(queries, keys, values, positions.Mask(_attention.Window), hiddenSlots)).MoveToOuterDisposeScope();
    }

    /// <summary>Of an anchored model the anchor's rows alone, [B, S, H], and the keys and values that its helpers see, [B, kv heads, S, D].</summary>
    public (Tensor Output, Tensor Keys, Tensor Values) Anchor(Tensor input, Positions positions)
    {
        using var scope = NewDisposeScope();
        (Tensor queries, Tensor keys, Tensor values) = Projected(input, positions);
        Tensor mixed = AnchoredAttention.Anchor(queries, keys, values, positions.Mask(_attention.Window), _config.Streams.PrefixTokens, Capped);
        return (Output(mixed).MoveToOuterDisposeScope(), keys.MoveToOuterDisposeScope(), values.MoveToOuterDisposeScope());
    }

    /// <summary>The helpers' rows alone, [(P - 1) * B, S, H], beside what the anchor gave.</summary>
    public Tensor Helpers(Tensor input, (Tensor Keys, Tensor Values) seen, Positions positions)
    {
        using var scope = NewDisposeScope();
        (Tensor queries, Tensor keys, Tensor values) = Projected(input, positions);
        return Output(AnchoredAttention.Helpers(queries, keys, values, seen, Prefix()!.Value, positions.Mask(_attention.Window), Capped)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// What a new prefix will meet: the queries times the scale, not rotated, [rows, S, heads, D]; the logarithm of the sum of e^score
    /// over the tokens that each of them sees, [rows, heads, S]; and the mean of their values that it gets, [rows, heads, S, D].
    /// For P = 1.
    /// </summary>
    public (Tensor Queries, Tensor LogMass, Tensor Mixed) Look(Tensor input, Positions positions)
    {
        using var scope = NewDisposeScope();
        Tensor unturned = Queries(input), queries = Turned(unturned, positions) * _scale, keys = Turned(Keys(input), positions);
        Tensor mask = positions.Mask(_attention.Window);
        Tensor repeated = keys.repeat_interleave(_config.Model.AttentionHeads / _config.Model.KeyValueHeads, 1);
        Tensor mass = Capped(matmul(queries, repeated.transpose(2, 3))).Plus(mask).logsumexp(-1);
        Tensor mixed = Mix(queries, keys, Values(input).transpose(1, 2), mask);
        return ((unturned * _scale).MoveToOuterDisposeScope(), mass.MoveToOuterDisposeScope(), mixed.MoveToOuterDisposeScope());
    }

    /// <summary>Keys of the tokens, not rotated, and their values: [rows, S, kv heads, D] each.</summary>
    public (Tensor Keys, Tensor Values) KeysAndValues(Tensor input)
    {
        using var scope = NewDisposeScope();
        return (Keys(input).MoveToOuterDisposeScope(), Values(input).MoveToOuterDisposeScope());
    }

    /// <summary>[rows, heads or kv heads, S, D] each, queries and keys rotated, queries times the scale.</summary>
    private (Tensor Queries, Tensor Keys, Tensor Values) Projected(Tensor input, Positions positions) =>
        (Turned(Queries(input), positions) * _scale, Turned(Keys(input), positions), Values(input).transpose(1, 2));

    private Tensor Output(Tensor mixed) => Projection.Apply(_outputProjection, mixed.transpose(1, 2).flatten(2));

    private Tensor Queries(Tensor input) => Clipped(Normed(_queryNorm, Projection.Apply(_queryProjection, input), _config.Model.AttentionHeads));

    private Tensor Keys(Tensor input) => Clipped(Normed(_keyNorm, Projection.Apply(_keyProjection, input), _config.Model.KeyValueHeads));

    private Tensor Values(Tensor input) => Clipped(Heads(Projection.Apply(_valueProjection, input), _config.Model.KeyValueHeads));

    private Tensor Clipped(Tensor heads) => _least is null || _most is null ? heads : heads.clamp(_least, _most);

    /// <summary>A projection [rows, S, heads * D] as [rows, S, heads, D], normed before or after it is cut.</summary>
    private Tensor Normed(RmsNorm? norm, Tensor projected, int heads) => norm is null ? Heads(projected, heads)
        : _attention.QueryKeyNorm == QueryKeyNorm.Head ? norm.forward(Heads(projected, heads))
        : Heads(norm.forward(projected), heads);

    private Tensor Heads(Tensor projected, int heads) =>
        projected.view(projected.shape[0], projected.shape[1], heads, _config.Model.HeadSize);

    /// <summary>[rows, S, heads, D] to [rows, heads, S, D], rotated where the layer does.</summary>
    private Tensor Turned(Tensor heads, Positions positions) =>
        (positions.Rotary(_attention.Rotation)?.Apply(heads) ?? heads).transpose(1, 2);

    /// <summary>
    /// softmax(cap(q k^T) + mask) v. The query heads that share a key head stand above each other in one product, so that
    /// keys are never repeated; measured, this is faster on a CPU than the fused attention of libtorch. The rows of stream 0, the first of
    /// P equal parts, do not see the first <paramref name="hiddenSlots"/> slots.
    /// </summary>
    private Tensor Mix(Tensor queries, Tensor keys, Tensor values, Tensor mask, int hiddenSlots = 0)
    {
        using var scope = NewDisposeScope();
        (long rows, long heads, long length, long size) = (queries.shape[0], queries.shape[1], queries.shape[2], queries.shape[3]);
        (long keyHeads, long slots) = (keys.shape[1], keys.shape[2]);
        Tensor scores = Capped(matmul(queries.reshape(rows, keyHeads, -1, size), keys.transpose(2, 3)));
        if (hiddenSlots > 0) scores.narrow(0, 0, rows / _config.Streams.Count).narrow(3, 0, hiddenSlots).fill_(Unseen);
        // Row p * B + b has the mask of row b, whatever its stream.
        long masks = mask.dim() == 2 ? 1 : mask.shape[0];
        Tensor weights = scores.view(-1, masks, heads, length, slots).Plus(mask).softmax(-1);
        Tensor mixed = matmul(weights.view(rows, keyHeads, -1, slots), values);
        return mixed.view(rows, heads, length, size).MoveToOuterDisposeScope();
    }

    /// <summary>c tanh(score / c), where the layer has such a cap.</summary>
    private Tensor Capped(Tensor scores) => _cap is null || _perCap is null ? scores : (scores * _perCap).tanh() * _cap;

    /// <summary>Puts each stream's prefix in front of its rows: [P * B, kv heads, S, D] to [P * B, kv heads, prefix + S, D].</summary>
    private Tensor WithPrefix(Tensor perRow, Tensor prefix)
    {
        long rowsPerStream = perRow.shape[0] / _config.Streams.Count;
        Tensor repeated = prefix.to(perRow.dtype).unsqueeze(1).expand(-1, rowsPerStream, -1, -1, -1).flatten(0, 1);
        return cat([repeated, perRow], 2);
    }
}
