namespace ParScale.Training.Optimization;

/// <summary>
/// Which parameters shrink by weight decay: the matrices that multiply activations, those of the aggregator and the prefix MLPs too. Not
/// the embedding, whose rows are seldom used (nor the head that is tied to it), nor norms and biases, nor prefixes, which are
/// activations that were learned.
/// </summary>
internal static class DecayGroups
{
    /// <summary>The first end that fits a name decides.</summary>
    private static readonly (string End, bool Decays)[] Table =
    [
        ("_proj.weight", true),
        ("mlp.gate.weight", true),
        ("shared_expert_gate.weight", true),
        ("aggregate_layer.0.weight", true),
        ("aggregate_layer.2.weight", true),
        ("prefix_mlp.0.weight", true),
        ("prefix_mlp.2.weight", true),
        ("lm_head.weight", true),
        ("embed_tokens.weight", false),
        ("norm.weight", false),
        (".bias", false),
        (".prefix_k", false),
        (".prefix_v", false),
        ("prefix_mlp.table", false),
    ];

    /// <summary>Whether the parameter of this name decays.</summary>
    /// <exception cref="InvalidOperationException">No row of the table fits: a new parameter needs one.</exception>
    public static bool Decays(string name)
    {
        foreach ((string end, bool decays) in Table)
        {
            if (name.EndsWith(end, StringComparison.Ordinal)) return decays;
        }
        throw new InvalidOperationException($"{name} is in no decay group");
    }
}
