namespace ParScale.Configuration;

/// <summary>
/// A mixture of experts: of E blocks each row of each stream runs through the k that its router finds most probable, and gets the sum of
/// their results times these probabilities.
/// </summary>
public sealed record ExpertsConfig
{
    /// <summary>E.</summary>
    public required int Count { get; init; }

    /// <summary>k, at most E.</summary>
    public required int Chosen { get; init; }

    /// <summary>Whether the k probabilities are divided by their sum.</summary>
    public bool Normalized { get; init; }

    /// <summary>Width of a block that every row runs through beside its experts, its result times sigmoid(a gate of its own); 0: none.</summary>
    public int SharedWidth { get; init; }
}

/// <summary>How a float checkpoint names the experts of a layer. It changes no result.</summary>
public enum ExpertTensors
{
    /// <summary><c>mlp.experts.E.gate_proj.weight</c>, <c>up_proj</c> and <c>down_proj</c>, and <c>mlp.gate.weight</c>, the router.</summary>
    Separate,

    /// <summary>The names of Mixtral: <c>block_sparse_moe.experts.E.w1.weight</c>, <c>w3</c> and <c>w2</c>, and <c>block_sparse_moe.gate.weight</c>.</summary>
    Mixtral,

    /// <summary>All experts in two tensors: <c>mlp.experts.gate_up_proj</c> [E, 2 I, H] and <c>mlp.experts.down_proj</c> [E, H, I].</summary>
    Stacked,
}
