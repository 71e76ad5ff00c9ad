using ParScale.Configuration;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// Grouped-query attention of all streams at once. Input [P * B, S, H], row p * B + b belongs to stream p. With P &gt; 1
/// the stream's own prefix keys and values, [P, kv heads, prefix, D], stand in front: not rotated, seen by every query. An anchored model
/// has those of its helpers, [P - 1, ...] (<see cref="AnchoredAttention"/>).
/// </summary>
internal sealed class SelfAttention : nn.Module<Tensor, Positions, Tensor>
{
    [ComponentName(Name = "q_proj")] private readonly Linear _queryProjection;
    [ComponentName(Name = "k_proj")] private readonly Linear _keyProjection;
    [ComponentName(Name = "v_proj")] private readonly Linear _valueProjection;
    [ComponentName(Name = "o_proj")] private readonly Linear _outputProjection;
    [ComponentName(Name = "prefix_k")] private readonly Parameter? _prefixKeys;
    [ComponentName(Name = "prefix_v")] private readonly Parameter? _prefixValues;
    [ComponentName(Name = PrefixMlp.Name)] private readonly PrefixMlp? _prefixMlp;
    private readonly CheckpointConfig _config;
    private bool _firstPrefixHidden;

    // Held here: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private static readonly Scalar Unseen = double.NegativeInfinity;

    // Held by the object: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private readonly Scalar _scale;

    /// <summary>With P &gt; 1 and <paramref name="prefixMlp"/> &gt; 0 a <see cref="PrefixMlp"/> of that width adds to the prefixes.</summary>
    public SelfAttention(CheckpointConfig config, int prefixMlp = 0) : base(nameof(SelfAttention))
    {
        _config = config;
        _scale = 1 / Math.Sqrt(config.Model.HeadSize);
        int queryWidth = config.Model.AttentionHeads * config.Model.HeadSize;
        int keyWidth = config.Model.KeyValueHeads * config.Model.HeadSize;
        _queryProjection = nn.Linear(config.Model.HiddenSize, queryWidth);
        _keyProjection = nn.Linear(config.Model.HiddenSize, keyWidth);
        _valueProjection = nn.Linear(config.Model.HiddenSize, keyWidth);
        _outputProjection = nn.Linear(queryWidth, config.Model.HiddenSize, hasBias: false);
        if (config.Streams.Count > 1)
        {
            long[] shape = [config.Streams.Prefixes, config.Model.KeyValueHeads, config.Streams.PrefixTokens, config.Model.HeadSize];
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
        (Tensor queries, Tensor keys) = QueriesAndKeys(input, positions);
        Tensor values = Heads(Projection.Apply(_valueProjection, input), _config.Model.KeyValueHeads).transpose(1, 2);
        if (_config.Streams.Anchored)
        {
            Tensor anchored = AnchoredAttention.Mix(queries, keys, values, Prefix()!.Value, positions.Mask);
            return Projection.Apply(_outputProjection, anchored.transpose(1, 2).flatten(2)).MoveToOuterDisposeScope();
        }
        if (Prefix() is var (prefixKeys, prefixValues))
        {
            keys = WithPrefix(keys, prefixKeys);
            values = WithPrefix(values, prefixValues);
        }
        int hiddenSlots = _firstPrefixHidden ? _config.Streams.PrefixTokens : 0;
        Tensor mixed = Mix(queries, keys, values, positions.Mask, hiddenSlots, _config.Streams.Count).transpose(1, 2).flatten(2);
        return Projection.Apply(_outputProjection, mixed).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// What a new prefix will meet: the queries, rotated and over sqrt(D), [rows, heads, S, D]; the logarithm of the sum of e^score
    /// over the tokens that each of them sees, [rows, heads, S]; and the mean of their values that it gets, [rows, heads, S, D].
    /// For P = 1.
    /// </summary>
    public (Tensor Queries, Tensor LogMass, Tensor Mixed) Look(Tensor input, Positions positions)
    {
        using var scope = NewDisposeScope();
        (Tensor queries, Tensor keys) = QueriesAndKeys(input, positions);
        Tensor values = Heads(Projection.Apply(_valueProjection, input), _config.Model.KeyValueHeads).transpose(1, 2);
        Tensor repeated = keys.repeat_interleave(_config.Model.AttentionHeads / _config.Model.KeyValueHeads, 1);
        Tensor mass = matmul(queries, repeated.transpose(2, 3)).Plus(positions.Mask).logsumexp(-1);
        Tensor mixed = Mix(queries, keys, values, positions.Mask);
        return (queries.MoveToOuterDisposeScope(), mass.MoveToOuterDisposeScope(), mixed.MoveToOuterDisposeScope());
    }

    /// <summary>Keys of the tokens, rotated, and their values: [rows, kv heads, S, D] each.</summary>
    public (Tensor Keys, Tensor Values) KeysAndValues(Tensor input, Positions positions)
    {
        using var scope = NewDisposeScope();
        (_, Tensor keys) = QueriesAndKeys(input, positions);
        Tensor values = Heads(Projection.Apply(_valueProjection, input), _config.Model.KeyValueHeads).transpose(1, 2);
        return (keys.MoveToOuterDisposeScope(), values.MoveToOuterDisposeScope());
    }

    private (Tensor Queries, Tensor Keys) QueriesAndKeys(Tensor input, Positions positions)
    {
        Tensor queries = Heads(Projection.Apply(_queryProjection, input), _config.Model.AttentionHeads);
        Tensor keys = Heads(Projection.Apply(_keyProjection, input), _config.Model.KeyValueHeads);
        queries = positions.Rotary.Apply(queries).transpose(1, 2) * _scale;
        return (queries, positions.Rotary.Apply(keys).transpose(1, 2));
    }

    /// <summary>
    /// softmax(q k^T + mask) v. The query heads that share a key head stand above each other in one product, so that
    /// keys are never repeated; measured, this is faster on a CPU than the fused attention of libtorch. The rows of stream 0, the first of
    /// <paramref name="streams"/> equal parts, do not see the first <paramref name="hiddenSlots"/> slots.
    /// </summary>
    private static Tensor Mix(Tensor queries, Tensor keys, Tensor values, Tensor mask, int hiddenSlots = 0, int streams = 1)
    {
        using var scope = NewDisposeScope();
        (long rows, long heads, long length, long size) = (queries.shape[0], queries.shape[1], queries.shape[2], queries.shape[3]);
        (long keyHeads, long slots) = (keys.shape[1], keys.shape[2]);
        Tensor scores = matmul(queries.reshape(rows, keyHeads, -1, size), keys.transpose(2, 3));
        if (hiddenSlots > 0) scores.narrow(0, 0, rows / streams).narrow(3, 0, hiddenSlots).fill_(Unseen);
        // Row p * B + b has the mask of row b, whatever its stream.
        long masks = mask.dim() == 2 ? 1 : mask.shape[0];
        Tensor weights = scores.view(-1, masks, heads, length, slots).Plus(mask).softmax(-1);
        Tensor mixed = matmul(weights.view(rows, keyHeads, -1, slots), values);
        return mixed.view(rows, heads, length, size).MoveToOuterDisposeScope();
    }

    private Tensor Heads(Tensor projected, int heads) =>
        projected.view(projected.shape[0], projected.shape[1], heads, _config.Model.HeadSize);

    /// <summary>Puts each stream's prefix in front of its rows: [P * B, kv heads, S, D] to [P * B, kv heads, prefix + S, D].</summary>
    private Tensor WithPrefix(Tensor perRow, Tensor prefix)
    {
        long rowsPerStream = perRow.shape[0] / _config.Streams.Count;
        Tensor repeated = prefix.to(perRow.dtype).unsqueeze(1).expand(-1, rowsPerStream, -1, -1, -1).flatten(0, 1);
        return cat([repeated, perRow], 2);
    }
}
