namespace ParScale.Configuration;

/// <summary>The feed-forward block of a layer: down(activation(gate(x)) * up(x)), dense or as a mixture of experts that are such blocks.</summary>
public sealed record FeedForwardConfig
{
    /// <summary>Rows of gate and up; of each expert where there are experts.</summary>
    public required int Width { get; init; }

    /// <summary>What the gate goes through.</summary>
    public Activation Activation { get; init; }

    /// <summary>Whether gate, up and down have biases.</summary>
    public bool Bias { get; init; }

    /// <summary>The experts that this block consists of; null: it is dense.</summary>
    public ExpertsConfig? Experts { get; init; }
}

/// <summary>What the gate of a feed-forward block goes through.</summary>
public enum Activation
{
    /// <summary>x / (1 + e^-x); Transformers calls it silu or swish.</summary>
    Silu,

    /// <summary>x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))); Transformers calls it gelu_pytorch_tanh.</summary>
    GeluTanh,
}
