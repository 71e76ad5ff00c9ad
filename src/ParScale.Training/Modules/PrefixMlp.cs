using ParScale.Configuration;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// The reparameterisation of a layer's prefixes while they train (Li, Liang 2021): prefix + W2 tanh(W1 e + b1) + b2, with one
/// learned vector e per stream and slot, and one MLP for all of them. A saved model holds only the sum.
/// </summary>
internal sealed class PrefixMlp : nn.Module<Tensor, Tensor, (Tensor, Tensor)>
{
    /// <summary>What the attention of a layer calls it.</summary>
    public const string Name = "prefix_mlp";

    /// <summary>How the name of W2 ends.</summary>
    public const string LastWeight = ".2.weight";

    [ComponentName(Name = "table")] private readonly Parameter _table;
    [ComponentName(Name = "0")] private readonly Linear _first;
    [ComponentName(Name = "2")] private readonly Linear _second;
    private readonly CheckpointConfig _config;

    /// <summary>Vectors e and a hidden layer of <paramref name="width"/> numbers.</summary>
    public PrefixMlp(CheckpointConfig config, int width) : base(nameof(PrefixMlp))
    {
        _config = config;
        _table = nn.Parameter(zeros(config.Streams.Prefixes, config.Streams.PrefixTokens, width));
        _first = nn.Linear(width, width);
        _second = nn.Linear(width, 2L * config.Model.KeyValueHeads * config.Model.HeadSize);
        RegisterComponents();
    }

    /// <summary>Whether a parameter's name is one of a prefix MLP, which no checkpoint holds.</summary>
    public static bool Owns(string name) => name.Contains($".{Name}.", StringComparison.Ordinal);

    /// <summary>Keys and values, [P, kv heads, prefix, D] each, with what the MLP adds to them.</summary>
    public override (Tensor, Tensor) forward(Tensor keys, Tensor values)
    {
        using var scope = NewDisposeScope();
        Tensor sum = _second.forward(_first.forward(_table).tanh());
        Tensor added = sum.view(_config.Streams.Prefixes, _config.Streams.PrefixTokens, 2, _config.Model.KeyValueHeads, _config.Model.HeadSize).permute(2, 0, 3, 1, 4);
        return (keys.Plus(added[0]).MoveToOuterDisposeScope(), values.Plus(added[1]).MoveToOuterDisposeScope());
    }
}
