using System.Numerics.Tensors;

namespace ParScale.Sampling;

/// <summary>Chooses tokens from logits. One sampler per generated text: it remembers what was seen and where its seed stands.</summary>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly HashSet<int> _seen = [];
    private readonly float[] _scores;
    private readonly Candidates _candidates;
    private SplitMix64 _random;

    /// <summary>A sampler over <paramref name="vocabularySize"/> tokens.</summary>
    /// <exception cref="ParScaleException">An option is out of range.</exception>
    public Sampler(SamplingOptions options, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _scores = new float[vocabularySize];
        _candidates = new Candidates(vocabularySize);
        _random = new SplitMix64(options.Seed ?? unchecked((ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue)));
    }

    /// <summary>Counts a token of the prompt as seen, for the repetition penalty.</summary>
    public void See(int token) => _seen.Add(token);

    /// <summary>Chooses the next token. logits: [V], left unchanged; the largest must be finite.</summary>
    /// <exception cref="ArgumentException">No logit is finite, or one is NaN or plus infinity.</exception>
    public int Next(ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_scores);
        Penalise();
        if (!float.IsFinite(TensorPrimitives.Max<float>(_scores))) throw new ArgumentException("no token can be chosen: the largest logit is not finite", nameof(logits));
        int token = _options.Temperature == 0 ? TensorPrimitives.IndexOfMax<float>(_scores) : Draw();
        _seen.Add(token);
        return token;
    }

    private void Penalise()
    {
        if (_options.RepetitionPenalty == 1) return;
        float penalty = (float)_options.RepetitionPenalty;
        foreach (int token in _seen) _scores[token] = _scores[token] > 0 ? _scores[token] / penalty : _scores[token] * penalty;
    }

    private int Draw()
    {
        _candidates.Fill(_scores, _options.Temperature);
        if (_options.TopK > 0) _candidates.KeepLikeliest(_options.TopK);
        if (_options.TopP < 1) _candidates.KeepMass(_options.TopP);
        if (_options.MinP > 0) _candidates.KeepAtLeast(_options.MinP);
        return _candidates.At(_random.NextDouble());
    }
}
