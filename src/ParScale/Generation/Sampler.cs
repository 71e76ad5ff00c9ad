using System.Collections.ObjectModel;
using System.Numerics.Tensors;
using ParScale.Model;

namespace ParScale.Generation;

/// <summary>Chooses tokens from logits. One sampler per generated text: it remembers what was seen and where its seed stands.</summary>
public sealed class Sampler
{
    private readonly SamplingOptions _options;
    private readonly HashSet<int> _seen = [];

    // How often each token was generated; null when no penalty asks for it.
    private readonly Dictionary<int, int>? _generated;
    private float[] _scores = [];
    private TopTokens? _top;
    private Candidates? _candidates;
    private SplitMix64 _random;

    /// <summary>A sampler over <paramref name="vocabularySize"/> tokens.</summary>
    /// <exception cref="ParScaleException">An option is out of range.</exception>
    public Sampler(SamplingOptions options, int vocabularySize)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        options.RequireVocabulary(vocabularySize);
        _options = options;
        _generated = options.PresencePenalty == 0 && options.FrequencyPenalty == 0 ? null : [];
        LikeliestMayDo = (options.Temperature == 0 || (options.TopK is > 0 and <= Likeliest.Most && options.TopK < vocabularySize))
            && (float)options.RepetitionPenalty >= 1 && options.PresencePenalty >= 0 && options.FrequencyPenalty >= 0 && options.LogitBias is not { Count: > 0 };
        _random = new SplitMix64(options.Seed ?? unchecked((ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue)));
    }

    /// <summary>
    /// Whether the likeliest tokens of all suffice to choose one, unless penalties take many of them back: it is the likeliest or one of the k likeliest, and no
    /// score becomes larger than its logit.
    /// </summary>
    internal bool LikeliestMayDo { get; }

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
        return Chosen(_options.Temperature == 0 ? scores.IndexOf(largest) : Draw(scores));
    }

    /// <summary>
    /// The same where <see cref="LikeliestMayDo"/>, from the likeliest tokens alone. False where one that is not among them may be wanted: nothing has changed then.
    /// </summary>
    internal bool TryNext(in Likeliest likeliest, out int token)
    {
        Span<int> tokens = stackalloc int[likeliest.Tokens.Length];
        Span<float> scores = stackalloc float[likeliest.Tokens.Length];
        likeliest.Tokens.CopyTo(tokens);
        likeliest.Logits.CopyTo(scores);
        for (int i = 0; i < tokens.Length && Changes; i++)
        {
            if (_seen.Contains(tokens[i])) scores[i] = Repeated(scores[i]);
            if (_generated is not null && _generated.TryGetValue(tokens[i], out int times)) scores[i] = Generated(scores[i], times);
        }
        TopTokens.Order(tokens, scores);
        int wanted = _options.Temperature == 0 ? 1 : _options.TopK;
        token = tokens[0];
        if (!float.IsFinite(scores[0]) || !likeliest.Leads(scores[wanted - 1], tokens[wanted - 1])) return false;
        if (_options.Temperature != 0) token = Draw(tokens[..wanted], scores[..wanted]);
        Chosen(token);
        return true;
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
            foreach (int token in _seen) scores[token] = Repeated(scores[token]);
        foreach ((int token, int times) in _generated ?? []) scores[token] = Generated(scores[token], times);
        foreach ((int token, double bias) in _options.LogitBias ?? ReadOnlyDictionary<int, double>.Empty) scores[token] += (float)bias;
    }

    private float Repeated(float score)
    {
        float penalty = (float)_options.RepetitionPenalty;
        return score > 0 ? score / penalty : score * penalty;
    }

    private float Generated(float score, int times) => score - (float)(_options.PresencePenalty + _options.FrequencyPenalty * times);

    private int Chosen(int token)
    {
        _seen.Add(token);
        if (_generated is not null) _generated[token] = _generated.GetValueOrDefault(token) + 1;
        return token;
    }

    private int Draw(ReadOnlySpan<float> scores)
    {
        if (_options.TopK > 0 && _options.TopK < scores.Length)
        {
            _top ??= new TopTokens(_options.TopK);
            _top.Find(scores);
            return Draw(_top.Tokens, _top.Scores);
        }
        _candidates ??= new Candidates(scores.Length);
        _candidates.Fill(scores, _options.Temperature);
        return Draw(_candidates);
    }

    private int Draw(ReadOnlySpan<int> likeliest, ReadOnlySpan<float> scores)
    {
        _candidates ??= new Candidates(_options.TopK);
        _candidates.Fill(likeliest, scores, _options.Temperature);
        return Draw(_candidates);
    }

    private int Draw(Candidates candidates)
    {
        if (_options.TopP < 1) candidates.KeepMass(_options.TopP);
        if (_options.MinP > 0) candidates.KeepAtLeast(_options.MinP);
        return candidates.At(_random.NextDouble());
    }
}
