using ParScale.Configuration;
using ParScale.Kernels.Elementwise;

namespace ParScale.Model;

/// <summary>Which rows of a layer run through which experts, and the scratch memory of blocks of experts.</summary>
internal sealed class ExpertRoutes
{
    private readonly float[] _logits;

    // [R, k], the chosen experts of a row beside each other.
    private readonly int[] _experts;
    private readonly float[] _weights;

    // Rows and their weights, sorted by expert, then by row: expert e has those from _starts[e] to _starts[e + 1].
    private readonly int[] _rowsByExpert;
    private readonly float[] _weightsByExpert;
    private readonly int[] _starts;

    private ExpertRoutes(int most, int experts, int chosen)
    {
        _logits = new float[PassState.MostRows * experts];
        _experts = new int[PassState.MostRows * chosen];
        _weights = new float[PassState.MostRows * chosen];
        _rowsByExpert = new int[PassState.MostRows * chosen];
        _weightsByExpert = new float[PassState.MostRows * chosen];
        _starts = new int[experts + 1];
        SharedGate = new float[PassState.MostRows];
        Gathered = new float[most];
        Result = new float[most];
        Sum = new float[most];
    }

    /// <summary>Room for a pass; null for a model without experts.</summary>
    public static ExpertRoutes? For(ModelConfig config)
    {
        ExpertsConfig[] experts = [.. config.Layers.Select(layer => layer.FeedForward.Experts).OfType<ExpertsConfig>()];
        return experts.Length == 0 ? null
            : new ExpertRoutes(PassState.MostRows * config.HiddenSize, experts.Max(one => one.Count), experts.Max(one => one.Chosen));
    }

    /// <summary>[R] gates of the shared block.</summary>
    public float[] SharedGate { get; }

    /// <summary>[rows of an expert, H] its input.</summary>
    public float[] Gathered { get; }

    /// <summary>[rows of an expert, H] its output.</summary>
    public float[] Result { get; }

    /// <summary>[R, H]</summary>
    public float[] Sum { get; }

    /// <summary>Experts that were read since the start, each once for every layer and pass that had rows for it.</summary>
    public long Read { get; private set; }

    /// <summary>Bytes of their weights.</summary>
    public long ReadBytes { get; private set; }

    /// <summary>Layers with experts that were run since the start.</summary>
    public long Layers { get; private set; }

    /// <summary>[R, E], to be filled by the router.</summary>
    public Span<float> Logits(int rows, int experts) => _logits.AsSpan(0, rows * experts);

    /// <summary>
    /// Softmax over all experts, the k most probable ones of each row, of equal ones those before others, and the rows of each expert in order.
    /// </summary>
    public void Choose(int rows, ExpertsConfig config)
    {
        Array.Clear(_starts);
        for (int row = 0; row < rows; row++)
        {
            Span<float> shares = _logits.AsSpan(row * config.Count, config.Count);
            Span<int> experts = _experts.AsSpan(row * config.Chosen, config.Chosen);
            Span<float> weights = _weights.AsSpan(row * config.Chosen, config.Chosen);
            Softmax.Run(shares);
            Choose(shares, experts, weights);
            if (config.Normalized) Normalize(weights);
            foreach (int expert in experts) _starts[expert + 1]++;
        }
        for (int expert = 0; expert < config.Count; expert++) _starts[expert + 1] += _starts[expert];
        // Filling moves each start to the end of its expert, which is the start of the next.
        for (int i = 0; i < rows * config.Chosen; i++)
        {
            int place = _starts[_experts[i]]++;
            (_rowsByExpert[place], _weightsByExpert[place]) = (i / config.Chosen, _weights[i]);
        }
        for (int expert = config.Count; expert > 0; expert--) _starts[expert] = _starts[expert - 1];
        _starts[0] = 0;
        Layers++;
    }

    /// <summary>The rows of an expert, the first one first.</summary>
    public ReadOnlySpan<int> RowsOf(int expert) => _rowsByExpert.AsSpan(_starts[expert].._starts[expert + 1]);

    /// <summary>What the results of these rows are multiplied with.</summary>
    public ReadOnlySpan<float> WeightsOf(int expert) => _weightsByExpert.AsSpan(_starts[expert].._starts[expert + 1]);

    /// <summary>An expert was read.</summary>
    public void Saw(FeedForwardWeights expert)
    {
        Read++;
        ReadBytes += expert.Gate.Bytes + expert.Up.Bytes + expert.Down.Bytes;
    }

    private static void Choose(Span<float> shares, Span<int> experts, Span<float> weights)
    {
        // Below every probability, and unequal to NaN, which a row whose values are not finite has for all experts.
        const float taken = -1;
        for (int i = 0; i < experts.Length; i++)
        {
            int best = -1;
            for (int expert = 0; expert < shares.Length; expert++)
                if (shares[expert] != taken && (best < 0 || shares[expert] > shares[best])) best = expert;
            (experts[i], weights[i]) = (best, shares[best]);
            shares[best] = taken;
        }
    }

    private static void Normalize(Span<float> weights)
    {
        float sum = 0;
        foreach (float weight in weights) sum += weight;
        foreach (ref float weight in weights) weight /= sum;
    }
}
