using ParScale.Kernels.Elementwise;
using ParScale.Kernels.KeysValues;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.Memory;

namespace ParScale.Model;

/// <summary>
/// Every scratch buffer of a forward pass, and the sequences it is for. T new tokens make R = P * T rows, stream-major: row
/// p*T + t. Nothing is allocated once the largest pass has been seen.
/// </summary>
internal sealed class ModelState : IDisposable
{
    /// <summary>Most rows of logits at once. The LM head is the largest matrix: a few rows share one reading of it.</summary>
    public const int MostLogits = 16;

    // Enough rows to use each weight many times per read, few enough to stay in the second-level cache.
    private const int MostRows = 256;

    private readonly ModelConfig _config;
    private readonly double[] _frequencies;
    private SequenceSlice[] _slices = new SequenceSlice[1];
    private AttentionSequence[] _sequences = new AttentionSequence[1];
    private int _count;
    private float[] _logits = [];

    public ModelState(ModelConfig config)
    {
        _config = config;
        _frequencies = new double[config.HeadSize / 2];
        Rope.Frequencies(config.RopeTheta, _frequencies);
        MostTokens = Math.Max(1, MostRows / config.Streams);
        int rows = MostTokens * config.Streams;
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
    }

    /// <summary>Most new tokens in one pass.</summary>
    public int MostTokens { get; }

    /// <summary>T: new tokens in the current pass.</summary>
    public int Tokens { get; private set; }

    /// <summary>What the attention kernels need beside the buffers below.</summary>
    public Scratch Scratch { get; } = new();

    /// <summary>Where activations are rounded for weights of codes and scales.</summary>
    public QuantizedActivations Rounded { get; } = new();

    /// <summary>[R, H] the residual stream; its first T rows hold the embeddings before layer 0.</summary>
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

    /// <summary>[T, D/2] of the positions in this pass.</summary>
    public float[] Cosine { get; }

    /// <summary>[T, D/2]</summary>
    public float[] Sine { get; }

    /// <summary>[T, H*P] the streams of each token, hidden-major.</summary>
    public float[] Joined { get; }

    /// <summary>[T, H]</summary>
    public float[] AggregatorInner { get; }

    /// <summary>[T, P] what each stream contributes to each token.</summary>
    public float[] StreamWeights { get; }

    /// <summary>[T, H] after aggregation.</summary>
    public float[] Mixed { get; }

    /// <summary>Takes the sequences of a pass and the angles of their tokens' positions. All streams share positions; prefix slots take none.</summary>
    /// <exception cref="ArgumentException">The sequences do not fit the tokens or their caches.</exception>
    public void Begin(int tokens, ReadOnlySpan<SequenceSlice> sequences)
    {
        if (tokens < 1 || tokens > MostTokens) throw new ArgumentException($"a pass takes 1 to {MostTokens} tokens", nameof(tokens));
        (Tokens, _count) = (tokens, sequences.Length);
        if (_slices.Length < _count)
        {
            _slices = new SequenceSlice[_count];
            _sequences = new AttentionSequence[_count];
        }
        sequences.CopyTo(_slices);
        int half = _config.HeadSize / 2, token = 0;
        foreach (SequenceSlice sequence in sequences)
        {
            int position = sequence.Cache.Position, room = sequence.Cache.Capacity - position;
            if (sequence.Count < 1 || sequence.Count > Math.Min(room, tokens - token))
                throw new ArgumentException("a sequence has more tokens than the pass or than its cache has room for", nameof(sequences));
            for (int i = 0; i < sequence.Count; i++, token++)
                Rope.Angles(position + i, _frequencies, Cosine.AsSpan(token * half, half), Sine.AsSpan(token * half, half));
        }
        if (token != tokens) throw new ArgumentException("the sequences do not have the pass's tokens together", nameof(sequences));
    }

    /// <summary>The pass's sequences with their keys and values of one layer.</summary>
    public ReadOnlySpan<AttentionSequence> SequencesOf(int layer)
    {
        for (int i = 0; i < _count; i++)
            _sequences[i] = new AttentionSequence(_slices[i].Cache.Layer(layer), _slices[i].Cache.Position, _slices[i].Count);
        return _sequences.AsSpan(0, _count);
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
    }
}
