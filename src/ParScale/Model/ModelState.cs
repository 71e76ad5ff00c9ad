namespace ParScale.Model;

/// <summary>Every scratch buffer of a forward pass over at most S new tokens. R = P * S rows, stream-major: row p*S + s.</summary>
internal sealed class ModelState
{
    // Enough rows to use each weight many times per read, few enough to stay in the second-level cache.
    private const int MostRows = 256;

    public ModelState(ModelConfig config)
    {
        MostTokens = Math.Max(1, MostRows / config.Streams);
        int rows = MostTokens * config.Streams;
        Token = new float[MostTokens * config.HiddenSize];
        Hidden = new float[rows * config.HiddenSize];
        Normed = new float[rows * config.HiddenSize];
        Query = new float[rows * config.AttentionHeads * config.HeadSize];
        Key = new float[rows * config.KeyValueHeads * config.HeadSize];
        Value = new float[rows * config.KeyValueHeads * config.HeadSize];
        Attended = new float[rows * config.AttentionHeads * config.HeadSize];
        Gate = new float[rows * config.IntermediateSize];
        Up = new float[rows * config.IntermediateSize];
        Cosine = new float[MostTokens * config.HeadSize / 2];
        Sine = new float[MostTokens * config.HeadSize / 2];
        Joined = new float[rows * config.HiddenSize];
        AggregatorInner = new float[MostTokens * config.HiddenSize];
        StreamWeights = new float[rows];
        Mixed = new float[MostTokens * config.HiddenSize];
        Logits = new float[config.VocabularySize];
    }

    /// <summary>S: most new tokens in one pass.</summary>
    public int MostTokens { get; }

    /// <summary>[S, H] embeddings.</summary>
    public float[] Token { get; }

    /// <summary>[R, H] the residual stream.</summary>
    public float[] Hidden { get; }

    /// <summary>[R, H] after a norm, and output of the sub-layers.</summary>
    public float[] Normed { get; }

    /// <summary>[R, heads, D]</summary>
    public float[] Query { get; }

    /// <summary>[R, key-value heads, D]</summary>
    public float[] Key { get; }

    /// <summary>[R, key-value heads, D]</summary>
    public float[] Value { get; }

    /// <summary>[R, heads, D]</summary>
    public float[] Attended { get; }

    /// <summary>[R, I]</summary>
    public float[] Gate { get; }

    /// <summary>[R, I]</summary>
    public float[] Up { get; }

    /// <summary>[S, D/2] of the positions in this pass.</summary>
    public float[] Cosine { get; }

    /// <summary>[S, D/2]</summary>
    public float[] Sine { get; }

    /// <summary>[S, H*P] the streams of each token, hidden-major.</summary>
    public float[] Joined { get; }

    /// <summary>[S, H]</summary>
    public float[] AggregatorInner { get; }

    /// <summary>[S, P] what each stream contributes to each token.</summary>
    public float[] StreamWeights { get; }

    /// <summary>[S, H] after aggregation.</summary>
    public float[] Mixed { get; }

    /// <summary>[V]</summary>
    public float[] Logits { get; }
}
