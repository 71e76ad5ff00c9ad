using ParScale.Model;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>The trainable language model. Its state keys are the tensor names of a checkpoint.</summary>
internal sealed class ParScaleLm : nn.Module<Tensor, Tensor>
{
    private const double InitialDeviation = 0.02;

    [ComponentName(Name = "model")] private readonly Decoder _decoder;
    [ComponentName(Name = "lm_head")] private readonly Linear? _head;

    /// <summary>Builds the model and draws every weight from <paramref name="seed"/>.</summary>
    public ParScaleLm(ModelConfig config, long seed = 0, ScalarType compute = ScalarType.Float32, double dropout = 0) : base(nameof(ParScaleLm))
    {
        Config = config;
        _decoder = new Decoder(config, compute, dropout);
        if (!config.TieWordEmbeddings) _head = nn.Linear(config.HiddenSize, config.VocabularySize, hasBias: false);
        RegisterComponents();
        Initialise(seed);
    }

    public ModelConfig Config { get; }

    /// <summary>Token ids [B, S], int64, to logits [B, S, V].</summary>
    public override Tensor forward(Tensor tokens) => forward(tokens, null);

    /// <summary>The same for packed rows, whose <paramref name="offsets"/> are those of <see cref="Positions"/>; null: one text a row.</summary>
    public Tensor forward(Tensor tokens, Tensor? offsets)
    {
        using var scope = NewDisposeScope();
        Tensor hidden = _decoder.forward(tokens, offsets);
        Tensor logits = nn.functional.linear(hidden, (_head?.weight ?? _decoder.EmbeddingWeight).to(hidden.dtype));
        return logits.MoveToOuterDisposeScope();
    }

    /// <summary>Norms are 1, biases 0, all else, prefixes and aggregation too, is N(0, 0.02).</summary>
    private void Initialise(long seed)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        foreach ((string name, Parameter parameter) in named_parameters())
        {
            // Each tensor has a generator of its own, so that models with other P share the values of the tensors they share.
            using var generator = new Generator(SeedOf(name, seed));
            if (name.EndsWith(".bias", StringComparison.Ordinal)) parameter.zero_();
            else if (name.EndsWith("norm.weight", StringComparison.Ordinal)) parameter.fill_(1.0);
            else parameter.normal_(0, InitialDeviation, generator);
        }
    }

    private static ulong SeedOf(string name, long seed)
    {
        ulong hash = 14695981039346656037UL ^ (ulong)seed;
        foreach (char letter in name) hash = (hash ^ letter) * 1099511628211UL;
        return hash;
    }
}
