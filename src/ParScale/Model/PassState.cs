using ParScale.Configuration;
using ParScale.Kernels.Attention;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.Memory;

namespace ParScale.Model;

/// <summary>
/// Every scratch buffer of a forward pass, and the sequences it is for: T new tokens in R rows, as <see cref="StreamRows"/> lays them
/// out. Nothing is allocated once the largest pass has been seen.
/// </summary>
internal sealed class PassState : IDisposable
{
    /// <summary>Most rows of logits at once. The LM head is the largest matrix: these rows share one reading of it.</summary>
    public const int MostLogits = 64;

    /// <summary>Most rows of a pass: enough to use each weight many times per read, few enough to stay in the second-level cache.</summary>
    public const int MostRows = 256;

    private readonly ModelConfig _config;
    private readonly Angles _angles;
    private PassSequence[] _sequences = new PassSequence[1];
    private AttentionSequence[] _attention = new AttentionSequence[1];
    private int _count;
    private float[] _logits = [];

    // Helpers of all sequences, in order, and where those of each sequence begin. Their own keys and values, of one layer after the other.
    private readonly HelperRow[] _helpers = new HelperRow[MostRows];
    private int[] _firstHelper = new int[1];
    private int _helperCount;
    private KvBuffer? _own;

    public PassState(ModelConfig config)
    {
        _config = config;
        _angles = new Angles(config, MostRows);
        Hidden = new float[MostRows * config.HiddenSize];
        Normed = new float[MostRows * config.HiddenSize];
        Query = new float[MostRows * config.AttentionHeads * config.HeadSize];
        Key = new float[MostRows * config.KeyValueHeads * config.HeadSize];
        Value = new float[MostRows * config.KeyValueHeads * config.HeadSize];
        Attended = new float[MostRows * config.AttentionHeads * config.HeadSize];
        int width = config.Layers.Max(layer => Math.Max(layer.FeedForward.Width, layer.FeedForward.Experts?.SharedWidth ?? 0));
        Gate = new float[MostRows * width];
        Up = new float[MostRows * width];
        Routes = ExpertRoutes.For(config);
        Joined = new float[MostRows * config.HiddenSize];
        AggregatorInner = new float[MostRows * config.HiddenSize];
        StreamWeights = new float[MostRows];
        Chosen = new AnchoredToken[MostRows];
        Mixed = new float[MostRows * config.HiddenSize];
    }

    /// <summary>T: new tokens in the current pass.</summary>
    public int Tokens { get; private set; }

    /// <summary>R: rows in the current pass.</summary>
    public int Rows { get; private set; }

    /// <summary>The sequences of the current pass.</summary>
    public ReadOnlySpan<PassSequence> Sequences => _sequences.AsSpan(0, _count);

    /// <summary>The rows of their helpers, those of each sequence together.</summary>
    public ReadOnlySpan<HelperRow> Helpers => _helpers.AsSpan(0, _helperCount);

    /// <summary>What the attention kernels need beside the buffers below.</summary>
    public Scratch Scratch { get; } = new();

    /// <summary>Where activations are rounded for weights of levels and scales.</summary>
    public QuantizedActivations Rounded { get; } = new();

    /// <summary>The rows that experts are chosen for, rounded once for all experts.</summary>
    public QuantizedActivations RoundedForExperts { get; } = new();

    /// <summary>[R, H] the residual stream; [T, H], the embeddings, before layer 0.</summary>
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

    /// <summary>What layers with experts need beside the others; null for a model without.</summary>
    public ExpertRoutes? Routes { get; }

    /// <summary>[W, H*P] the streams of each token, hidden-major.</summary>
    public float[] Joined { get; }

    /// <summary>[W, H]</summary>
    public float[] AggregatorInner { get; }

    /// <summary>What each stream contributes to each token: P shares for every token, one token after the other; not set where P = 1.</summary>
    public float[] StreamWeights { get; private set; }

    /// <summary>Tokens of anchored sequences that are mixed together.</summary>
    public AnchoredToken[] Chosen { get; }

    /// <summary>[W, H] after aggregation, W being the tokens whose logits are wanted.</summary>
    public float[] Mixed { get; }

    /// <summary>Takes the sequences of a pass and the angles of their tokens' positions. All streams share positions; prefix slots take none.</summary>
    /// <exception cref="ArgumentException">The sequences do not fit the tokens, the rows of a pass or their caches.</exception>
    public void Begin(int tokens, ReadOnlySpan<PassSequence> sequences)
    {
        PassSize size = PassSize.Of(tokens, sequences);
        (Tokens, Rows, _count) = (tokens, size.Rows, sequences.Length);
        if (_sequences.Length < _count)
        {
            _sequences = new PassSequence[2 * _count];
            _attention = new AttentionSequence[2 * _count];
            _firstHelper = new int[2 * _count];
        }
        if (StreamWeights.Length < size.Weights) StreamWeights = new float[size.Weights];
        sequences.CopyTo(_sequences);
        _helperCount = 0;
        for (int i = 0; i < _count; i++)
        {
            _firstHelper[i] = _helperCount;
            if (sequences[i].Set.IsAnchored) AddHelpers(sequences[i]);
        }
        _angles.Fill(sequences);
    }

    /// <summary>[T, h] of the positions in this pass, as a layer turns; empty where it does not.</summary>
    public ReadOnlySpan<float> Cosine(int layer) => _angles.Cosine(layer, Tokens);

    /// <summary>The same of sines.</summary>
    public ReadOnlySpan<float> Sine(int layer) => _angles.Sine(layer, Tokens);

    /// <summary>The pass's sequences with their keys and values of one layer.</summary>
    public ReadOnlySpan<AttentionSequence> AttentionOf(int layer)
    {
        for (int i = 0; i < _count; i++)
        {
            (KeyValues sequence, StreamSet set, int count, _) = _sequences[i];
            var cache = (KvCache)sequence;
            _attention[i] = set.IsAnchored ? new AttentionSequence(cache.Layer(layer), null, 1, cache.Position, count, HelpersOf(i, layer))
                : new AttentionSequence(cache.Layer(layer), set.Prefix(layer), set.Count, cache.Position, count);
        }
        return _attention.AsSpan(0, _count);
    }

    /// <summary>Leaves in Hidden and Normed the rows of the tokens whose logits are wanted. Returns how many these are.</summary>
    public int KeepWanted()
    {
        int rows = 0;
        foreach (PassSequence sequence in Sequences) rows += sequence.WantedRows;
        if (rows == Rows) return rows;
        StreamRows.KeepWanted(Hidden, _config.HiddenSize, Sequences);
        StreamRows.KeepWanted(Normed, _config.HiddenSize, Sequences);
        return rows;
    }

    /// <summary>[rows, V]</summary>
    public Span<float> LogitsFor(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, MostLogits);
        int length = rows * _config.VocabularySize;
        if (_logits.Length < length) _logits = new float[length];
        return _logits.AsSpan(0, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Scratch.Dispose();
        Rounded.Dispose();
        _own?.Dispose();
        RoundedForExperts.Dispose();
    }

    private void AddHelpers(in PassSequence sequence)
    {
        for (int i = 0; i < sequence.Wanted; i++)
        {
            ulong active = sequence.ActiveAt(i);
            for (int stream = 1; stream < sequence.Set.Count; stream++)
                if ((active >> stream & 1) == 1) _helpers[_helperCount++] = new HelperRow(stream - 1, sequence.Count - sequence.Wanted + i);
        }
    }

    private HelperRows HelpersOf(int sequence, int layer)
    {
        int first = _firstHelper[sequence], end = sequence + 1 < _count ? _firstHelper[sequence + 1] : _helperCount;
        if (first == end) return default;
        (KeyValues cache, StreamSet set, _, _) = _sequences[sequence];
        // In layer 0 all streams have the keys and values of their anchor.
        return new HelperRows(_helpers.AsMemory(first, end - first), set.Prefix(layer), layer == 0 ? null : Own(((KvCache)cache).Layer(layer)), first);
    }

    // In the format of the caches, and a slot of each row's own. Memory is taken for the rows that are used.
    private KvBuffer Own(KvBuffer cache)
    {
        if (_own is not null && _own.Layout.Type == cache.Layout.Type) return _own;
        _own?.Dispose();
        return _own = new KvBuffer(cache.Layout.Type, MostRows, cache.Heads, cache.Layout.HeadSize, 1);
    }
}
