using System.Collections.ObjectModel;
using System.Numerics.Tensors;

namespace ParScale.Generation;

/// <summary>Chooses tokens from logits. One sampler per generated text: it remembers what was seen and where its seed stands.</summary>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly HashSet<int> _seen = [];

    // How often each token was generated; null when no penalty asks for it.
    private readonly Dictionary<int, int>? _generated;
    private float[] _scores = [];
    private Candidates? _candidates;
    private SplitMix64 _random;

    /// <summary>A sampler over <paramref name="vocabularySize"/> tokens.</summary>
    /// <exception cref="ParScaleException">An option is out of range.</exception>
    public Sampler(SamplingOptions options, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options.LogitBias?.Keys.FirstOrDefault(token => token < 0 || token >= vocabularySize, -1) is int outside and not -1)
            throw ParScaleException.Usage("SA-02", $"a logit bias is for token {outside}, which is not in the vocabulary (0 to {vocabularySize - 1})");
        _options = options;
        _generated = options.PresencePenalty == 0 && options.FrequencyPenalty == 0 ? null : [];
        _random = new SplitMix64(options.Seed ?? unchecked((ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue)));
    }

    /// <summary>Counts a token of the prompt as seen, for the repetition penalty.</summary>
    public void See(int token) => _seen.Add(token);

    /// <summary>Chooses the next token. logits: [V], left unchanged; the largest must be finite.</summary>
    /// <param name="logits">One for each token of the vocabulary.</param>
    /// <param name="allowed">The tokens to choose among; null for all.</param>
    /// <exception cref="ArgumentException">No logit is finite, or one is NaN or plus infinity.</exception>
    public int Next(ReadOnlySpan<float> logits, TokenMask? allowed = null)
    {
        ReadOnlySpan<float> scores = logits;
        if (Changes || allowed is not null)
        {
            Span<float> changed = Copy(logits);
            Change(changed);
            allowed?.Exclude(changed);
            scores = changed;
        }
        float largest = TensorPrimitives.Max(scores);
        if (!float.IsFinite(largest)) throw new ArgumentException("no token can be sampled: the largest logit is not finite", nameof(logits));
        int token = _options.Temperature == 0 ? scores.IndexOf(largest) : Draw(scores);
        _seen.Add(token);
        if (_generated is not null) _generated[token] = _generated.GetValueOrDefault(token) + 1;
        return token;
    }

    private bool Changes => _options.RepetitionPenalty != 1 || _generated is not null || _options.LogitBias is { Count: > 0 };

    private Span<float> Copy(ReadOnlySpan<float> logits)
    {
        if (_scores.Length == 0) _scores = new float[logits.Length];
        logits.CopyTo(_scores);
        return _scores;
    }

    private void Change(Span<float> scores)
    {
        if (_options.RepetitionPenalty != 1)
        {
            float penalty = (float)_options.RepetitionPenalty;
            foreach (int token in _seen) scores[token] = scores[token] > 0 ? scores[token] / penalty : scores[token] * penalty;
        }
        foreach ((int token, int times) in _generated ?? [])
            scores[token] -= (float)(_options.PresencePenalty + _options.FrequencyPenalty * times);
        foreach ((int token, double bias) in _options.LogitBias ?? ReadOnlyDictionary<int, double>.Empty) scores[token] += (float)bias;
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
