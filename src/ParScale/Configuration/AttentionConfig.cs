using ParScale.Configuration.Rotations;

namespace ParScale.Configuration;

/// <summary>
/// The attention block of a layer. Heads and their size are the same in all layers and stand in <see cref="ModelConfig"/>.
/// </summary>
public sealed record AttentionConfig
{
    /// <summary>What the products of queries and keys are multiplied with.</summary>
    public required double Scale { get; init; }

    /// <summary>c of score = c tanh(score / c), after the scale and before the mask, prefix slots included; null: none.</summary>
    public double? SoftCap { get; init; }

    /// <summary>How many tokens a token sees, itself included; null: all before it. Prefix slots are always seen.</summary>
    public int? Window { get; init; }

    /// <summary>How queries and keys turn by position; null: not at all.</summary>
    public Rotation? Rotation { get; init; }

    /// <summary>The norm of queries and keys, before they turn.</summary>
    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>Whether queries, keys and values have biases.</summary>
    public bool InputBias { get; init; }

    /// <summary>Whether the output projection has a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Queries, keys and values are cut to plus and minus this, after the norm and before they turn; null: not at all.</summary>
    public double? Clip { get; init; }

    /// <summary>1 / sqrt(D), which most families scale with.</summary>
    public static double UsualScale(int headSize) => 1 / Math.Sqrt(headSize);
}

/// <summary>What is normalized of queries and keys.</summary>
public enum QueryKeyNorm
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Each head by itself; the weights [D] serve all heads.</summary>
    Head,

    /// <summary>The whole projection, before it is cut into heads.</summary>
    Projection,
}
