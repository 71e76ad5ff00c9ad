using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Training.Optimization;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// The trainable language model of any family. Its state keys are the names that a checkpoint's tensors are loaded under: those that
/// files hold in one are parameters of their own.
/// </summary>
internal sealed class ParScaleLm : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "model")] private readonly Decoder _decoder;
    [ComponentName(Name = "lm_head")] private readonly Linear? _head;
    // Held by the object: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private readonly Scalar? _divisor, _cap, _perCap;

    /// <summary>
    /// Builds the model and draws every weight from <paramref name="seed"/>, with <paramref name="deviation"/>; those of prefixes as
    /// <paramref name="prefixes"/> tells.
    /// </summary>
    public ParScaleLm(
        CheckpointConfig config, long seed = 0, ScalarType compute = ScalarType.Float32, double dropout = 0, int prefixMlp = 0,
        PrefixStart? prefixes = null, double deviation = InitialWeights.Deviation)
        : base(nameof(ParScaleLm))
    {
        Config = config;
        _decoder = new Decoder(config, compute, dropout, prefixMlp);
        if (!config.Model.TieWordEmbeddings) _head = nn.Linear(config.Model.HiddenSize, config.Model.VocabularySize, hasBias: false);
        RegisterComponents();
        if (config.Model.LogitsDivisor != 1) _divisor = config.Model.LogitsDivisor;
        if (config.Model.LogitsSoftCap is { } cap) (_cap, _perCap) = (cap, 1 / cap);
        foreach ((string name, Parameter parameter) in named_parameters())
            InitialWeights.Draw(name, parameter, seed, prefixes, config.Model.NormOffset, deviation);
    }

    public CheckpointConfig Config { get; }

    /// <summary>Where the weights are; what goes in must be there too.</summary>
    public Device Device => _decoder.EmbeddingWeight.device;

    /// <summary>Token ids [B, S], int64, to logits [B, S, V].</summary>
    public override Tensor forward(Tensor tokens) => forward(tokens, null);

    /// <summary>The same for packed rows, whose <paramref name="offsets"/> are those of <see cref="Positions"/>; null: one text a row.</summary>
    public Tensor forward(Tensor tokens, Tensor? offsets)
    {
        using var scope = NewDisposeScope();
        return Logits(Mix(States(tokens, offsets))).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Token ids [B, S] to the final states of every stream: [P, B, S, H]; packed rows have <paramref name="offsets"/>. With
    /// <paramref name="pieces"/> only <see cref="BackwardPieces.Run"/> computes all gradients.
    /// </summary>
    public Tensor States(Tensor tokens, Tensor? offsets = null, BackwardPieces? pieces = null) => _decoder.States(tokens, offsets, pieces);

    /// <summary>Final states of all streams, [P, B, S, H], to the one that is decoded, [B, S, H].</summary>
    public Tensor Mix(Tensor states) => _decoder.Mix(states);

    /// <summary>The same of the first <paramref name="count"/> streams alone; see <see cref="Aggregation.MixFirst"/>.</summary>
    public Tensor MixFirst(Tensor states, int count) => _decoder.MixFirst(states, count);

    /// <summary>The same of the streams that are present at each token; see <see cref="Aggregation.MixPresent"/>.</summary>
    public Tensor MixPresent(Tensor states, Tensor present) => _decoder.MixPresent(states, present);

    /// <summary>How much each stream counts in <see cref="Mix"/>: [B, S, P], of sum 1.</summary>
    public Tensor MixingWeights(Tensor states) => _decoder.MixingWeights(states);

    /// <summary>Final states [..., H], mixed or of one stream, to logits [..., V].</summary>
    public Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        Tensor logits = nn.functional.linear(hidden, (_head?.weight ?? _decoder.EmbeddingWeight).to(hidden.dtype));
        if (_divisor is not null) logits = logits / _divisor;
        if (_cap is not null && _perCap is not null) logits = (logits * _perCap).tanh() * _cap;
        return logits.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// From now on stream 0 does not see its prefix: it is the plain model, and its prefix gets no gradient. With P &gt; 1.
    /// </summary>
    public void HideFirstPrefix() => _decoder.HideFirstPrefix();

    /// <summary>Keys and values of a layer's prefix, [P, kv heads, prefix, D], as the streams see them; null when P = 1.</summary>
    public (Tensor Keys, Tensor Values)? Prefix(int layer) => _decoder.Prefix(layer);

    /// <summary>From now on only prefixes, their MLPs and the aggregator get gradients.</summary>
    public void FreezeBackbone()
    {
        foreach ((string name, Parameter parameter) in named_parameters())
            parameter.requires_grad = ModelTensors.IsOfStreams(name) || PrefixMlp.Owns(name);
        _decoder.FreezeAnchor();
    }

    /// <summary>
    /// The tensors of a checkpoint, each with what it is made of, one part after the other, and with the prefix MLPs folded into the
    /// prefixes: the parameters themselves but for those prefixes, which are new tensors of the current dispose scope.
    /// </summary>
    public IEnumerable<(StoredTensor Stored, IReadOnlyList<Tensor> Parts)> CheckpointTensors()
    {
        using var noGradient = no_grad();
        Dictionary<string, Tensor> values = named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter, StringComparer.Ordinal);
        for (int layer = 0; layer < Config.Model.LayerCount; layer++)
        {
            if (_decoder.Prefix(layer) is not var (keys, prefixValues)) break;
            values[$"model.layers.{layer}.self_attn.prefix_k"] = keys;
            values[$"model.layers.{layer}.self_attn.prefix_v"] = prefixValues;
        }
        return
        [
            .. ModelTensors.Table(Config.Model, Config.Streams).Select(stored =>
                (stored, (IReadOnlyList<Tensor>)[.. (stored.Parts.Count == 0 ? [stored] : stored.Parts).Select(part => values[part.Name])])),
        ];
    }
}
