using System.Numerics.Tensors;

namespace ParScale.Generation;

/// <summary>Chooses tokens from logits. One sampler per generated text: it remembers what was seen and where its seed stands.</summary>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly HashSet<int> _seen = [];
    private float[] _scores = [];
    private Candidates? _candidates;
    private SplitMix64 _random;

    /// <summary>A sampler over <paramref name="vocabularySize"/> tokens.</summary>
    /// <exception cref="ParScaleException">An option is out of range.</exception>
    public Sampler(SamplingOptions options, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _random = new SplitMix64(options.Seed ?? unchecked((ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue)));
    }

    /// <summary>Counts a token of the prompt as seen, for the repetition penalty.</summary>
    public void See(int token) => _seen.Add(token);

    /// <summary>Chooses the next token. logits: [V], left unchanged; the largest must be finite.</summary>
    /// <exception cref="ArgumentException">No logit is finite, or one is NaN or plus infinity.</exception>
    public int Next(ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<float> scores = _options.RepetitionPenalty == 1 ? logits : Penalised(logits);
        float largest = TensorPrimitives.Max(scores);
        if (!float.IsFinite(largest)) throw new ArgumentException("no token can be sampled: the largest logit is not finite", nameof(logits));
        int token = _options.Temperature == 0 ? scores.IndexOf(largest) : Draw(scores);
        _seen.Add(token);
        return token;
    }

    private ReadOnlySpan<float> Penalised(ReadOnlySpan<float> logits)
    {
        if (_scores.Length == 0) _scores = new float[logits.Length];
        logits.CopyTo(_scores);
        float penalty = (float)_options.RepetitionPenalty;
        foreach (int token in _seen) _scores[token] = _scores[token] > 0 ? _scores[token] / penalty : _scores[token] * penalty;
        return _scores;
    }

    private int Draw(ReadOnlySpan<float> scores)
    {
        _candidates ??= new Candidates(scores.Length);
        _candidates.Fill(scores, _options.Temperature);
        if (_options.TopK > 0) _candidates.KeepLikeliest(_options.TopK);
        if (_options.TopP < 1) _candidates.KeepMass(_options.TopP);
        if (_options.MinP > 0) _candidates.KeepAtLeast(_options.MinP);
        return _candidates.At(_random.NextDouble());
    }
}
