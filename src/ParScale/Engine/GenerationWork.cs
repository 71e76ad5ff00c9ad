using System.Diagnostics;
using System.Runtime.InteropServices;
using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Generation.Constraints;
using ParScale.Model;
using ParScale.Text;
using ParScale.Text.Chat;

namespace ParScale.Engine;

/// <summary>
/// One generation: reads the prompt, then chooses, shows and appends a token after each pass, until a stop rule holds. Everything
/// happens between two passes of the engine; what is shown goes to a receiver that must not wait.
/// </summary>
internal sealed class GenerationWork : Work
{
    private readonly ModelConfig _config;
    private readonly GenerationOptions _options;
    private readonly Action<GeneratedPiece> _show;
    private readonly Action<Exception?> _ended;
    private readonly Sampler _sampler;
    private readonly TextStream? _text;
    private readonly StopRules _stop;
    private readonly ThinkingParser? _thinking;
    private readonly ConstrainedText? _constrained;
    private readonly TokenMask? _unended;
    private readonly int[] _ends;
    private readonly int _promptTokens, _most;
    private readonly List<PredictedToken>? _promptPredictions;
    private readonly OpenGate? _gate;

    // The last token runs once more, with all streams.
    private bool _isOpen;

    // What the caches hold or will hold, in order.
    private readonly List<int> _tokens;
    private int _chosen, _cached, _caughtUp, _thinkingTokens;

    // Of the token that is chosen next; null where it has none.
    private float[]? _streamWeights;

    // [V]: the logits of a token whose mask was not known yet when they came.
    private float[]? _heldLogits;
    private bool _isHeld;
    private long _start, _promptRead;
    private TimeSpan _prefill, _decode;
    private bool _complete;

    /// <summary>A generation after a checked prompt. Without a tokenizer the pieces carry ids only.</summary>
    public GenerationWork(
        ModelConfig config, StreamSet set, Tokenizer? tokenizer, ReadOnlySpan<int> prompt, GenerationOptions options,
        Action<GeneratedPiece> show, Action<Exception?> ended, CancellationToken cancellation) : base(SetsFor(set, options), cancellation)
    {
        (_config, _options, _show, _ended, _promptTokens) = (config, options, show, ended, prompt.Length);
        _most = MostTokens(config, prompt.Length, options);
        _tokens = [.. prompt];
        _sampler = new Sampler(options.Sampling, config.VocabularySize);
        foreach (int token in prompt) _sampler.See(token);
        _text = tokenizer?.CreateStream(options.ShownTokens);
        _stop = new StopRules(options.Stop);
        if (options.Thinking is { } thinking && _text is not null) _thinking = new ThinkingParser(thinking.Format, thinking.Start);
        _constrained = options.Constraint?.Begin(tokenizer!, options.ShownTokens);
        _ends = [.. config.EndOfTextIds, .. options.StopTokenIds];
        if (options.MinNewTokens > 0 && _constrained is null) _unended = AllBut(_ends, config.VocabularySize);
        _promptPredictions = options.PromptLogProbs ? [] : null;
        _gate = options.Gate is { } gate ? new OpenGate(gate, set) : null;
        Capacity = CapacityFor(config, prompt.Length, options);
    }

    /// <inheritdoc/>
    public override int Capacity { get; }

    /// <inheritdoc/>
    public override SequenceCache Current => Caches[_isOpen ? Caches.Length - 1 : 0];

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Pending => CollectionsMarshal.AsSpan(_tokens)[Current.Read..];

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Reusable => CollectionsMarshal.AsSpan(_tokens);

    /// <inheritdoc/>
    public override bool Pauses => _constrained is not null;

    /// <inheritdoc/>
    public override bool MayReuse => _promptPredictions is null;

    /// <inheritdoc/>
    public override string? Scope => _options.ReuseScope;

    /// <inheritdoc/>
    public override bool IsComplete => _complete;

    /// <inheritdoc/>
    public override bool WantsStreamWeights => _options.StreamWeights;

    /// <summary>The sets that take turns: with a gate over streams that each have keys and values, the plain model and all of them.</summary>
    public static IReadOnlyList<StreamSet> SetsFor(StreamSet set, GenerationOptions options) =>
        options.Gate is null || set.IsAnchored ? [set] : [StreamSet.Plain, set];

    /// <summary>Tokens of room that a generation needs: the last token chosen is never appended.</summary>
    public static int CapacityFor(ModelConfig config, int prompt, GenerationOptions options) =>
        prompt + Math.Min(MostTokens(config, prompt, options) - 1, config.MaxPositions - prompt);

    /// <inheritdoc/>
    public override void Begin() => (_start, _cached) = (Stopwatch.GetTimestamp(), Current.Read);

    /// <inheritdoc/>
    public override int Wanted(int count) =>
        _promptPredictions is not null && _chosen == 0 && !_isOpen ? count : Current.Read + count == _tokens.Count ? 1 : 0;

    /// <inheritdoc/>
    public override ReadOnlyMemory<ulong> Active(int count) =>
        _gate is null || _isOpen || !Set.IsAnchored ? default : OpenGate.AnchorAlone(Wanted(count));

    /// <inheritdoc/>
    public override bool RunsAgain(int position, ReadOnlySpan<float> logits)
    {
        if (_gate is null || position < _tokens.Count - 1) return false;
        _isOpen = !_isOpen && _gate.Opens(logits);
        // Streams with a cache of their own have this token to read there, and all others since they last ran.
        if (_isOpen && Set.IsAnchored) Cache!.Rewind(position);
        return _isOpen;
    }

    /// <inheritdoc/>
    public override void Advance(int count)
    {
        if (_isOpen && !Set.IsAnchored) _caughtUp += count;
    }

    /// <inheritdoc/>
    public override void TakeStreamWeights(ReadOnlySpan<float> weights) => _streamWeights = weights.ToArray();

    /// <inheritdoc/>
    public override void Take(int position, ReadOnlySpan<float> logits)
    {
        if (_chosen == 0 && position < _promptTokens - 1)
        {
            _promptPredictions!.Add(PredictedToken.Of(logits, _tokens[position + 1], _options.TopLogProbs ?? 0));
            return;
        }
        if (_constrained is { IsReady: false })
        {
            logits.CopyTo(_heldLogits ??= new float[logits.Length]);
            _isHeld = true;
            _constrained.WhenReady(Wake);
            return;
        }
        Choose(logits);
    }

    /// <inheritdoc/>
    public override bool LikeliestDo => _sampler.LikeliestMayDo && _options.TopLogProbs is null && _gate is null && _constrained is null
        && (_unended is null || _chosen >= _options.MinNewTokens) && (_promptPredictions is null || _chosen > 0);

    /// <inheritdoc/>
    public override bool TryTake(in Likeliest likeliest)
    {
        if (!_sampler.TryNext(likeliest, out int next)) return false;
        Time();
        GoOn(next, null);
        return true;
    }

    /// <inheritdoc/>
    public override bool CanResume => _isHeld && _constrained!.IsReady;

    /// <inheritdoc/>
    public override void Resume()
    {
        _isHeld = false;
        Choose(_heldLogits);
    }

    /// <inheritdoc/>
    protected override void OnEnd(Exception? failure) => _ended(failure);

    private void Choose(ReadOnlySpan<float> logits)
    {
        int next = _sampler.Next(logits, Allowed());
        Time();
        GoOn(next, _options.TopLogProbs is { } top ? PredictedToken.Of(logits, next, top) : null);
    }

    private void GoOn(int next, PredictedToken? prediction)
    {
        bool ended = _options.StopTokenIds.Contains(next) || (!_options.IgnoreEndOfText && _config.EndOfTextIds.Contains(next));
        string text = ended || _text is null ? "" : _text.Append(next);
        // Stop texts count from the token on that may be the last.
        if (_chosen + 1 >= _options.MinNewTokens) text = _stop.Append(text);
        bool thinks = _thinking is { IsThinking: true };
        string? thinking = Part(ref text);
        if (thinks || _thinking is { IsThinking: true }) _thinkingTokens++;
        _show(new GeneratedPiece(text, next)
        {
            Thinking = thinking,
            Prediction = prediction,
            PromptPredictions = _chosen == 0 ? _promptPredictions : null,
            StreamWeights = _streamWeights ?? (_options.StreamWeights && LargestSet.Count == 1 ? [1f] : null),
        });
        _streamWeights = null;
        _chosen++;
        if (!ended) _constrained?.Append(next);
        if (_constrained is { IsComplete: true }) ended = true;
        if (ended || _stop.Stopped || _chosen == _most) Finish(ended);
        else Append(next);
    }

    // Leaves the answer in the text, and gives the thinking; null when there is none.
    private string? Part(ref string text, bool isLast = false)
    {
        if (_thinking is null) return null;
        ThinkingPart part = _thinking.Append(text), rest = isLast ? _thinking.Flush() : new ThinkingPart("", "");
        text = part.Answer + rest.Answer;
        string thinking = part.Thinking + rest.Thinking;
        return thinking.Length > 0 ? thinking : null;
    }

    private TokenMask? Allowed()
    {
        bool mayEnd = _chosen >= _options.MinNewTokens;
        return _constrained is not null ? _constrained.Next(!mayEnd ? [] : _options.IgnoreEndOfText ? _options.StopTokenIds : _ends) : mayEnd ? null : _unended;
    }

    private static TokenMask AllBut(IReadOnlyList<int> tokens, int vocabularySize)
    {
        var mask = new TokenMask(vocabularySize);
        mask.AddAll();
        foreach (int token in tokens) mask.Remove(token);
        return mask;
    }

    private static int MostTokens(ModelConfig config, int prompt, GenerationOptions options) =>
        options.ContextShift ? options.MaxNewTokens : Math.Min(options.MaxNewTokens, config.MaxPositions - prompt + 1);

    // From the start of the first pass to the first token is the prompt's time; the rest is that of the decode steps.
    private void Time()
    {
        long now = Stopwatch.GetTimestamp();
        if (_chosen == 0) (_promptRead, _prefill) = (now, Stopwatch.GetElapsedTime(_start, now));
        else _decode = Stopwatch.GetElapsedTime(_promptRead, now);
    }

    // A full context begins anew with the latter half of the text, after the token that begins a text, if it had one: positions start from 0
    // again, and so do keys and values.
    private void Append(int token)
    {
        _tokens.Add(token);
        if (Current.Read < Capacity) return;
        int begin = _config.BeginOfTextId == _tokens[0] ? 1 : 0;
        _tokens.RemoveRange(begin, _tokens.Count - Math.Max(begin + 1, Capacity / 2));
        foreach (SequenceCache cache in Caches) cache.Kv!.Rewind(0);
    }

    private void Finish(bool ended)
    {
        string rest = _text is null ? "" : _stop.Append(_text.Flush()) + _stop.Flush();
        string? thinking = Part(ref rest, isLast: true);
        _complete = true;
        _show(new GeneratedPiece(rest, null)
        {
            Thinking = thinking,
            FinishReason = ended || _stop.Stopped ? FinishReason.Stop : FinishReason.Length,
            Statistics = new GenerationStatistics(_promptTokens, _chosen, _prefill, _decode, _chosen - 1)
            {
                CachedTokens = _cached,
                ThinkingTokens = _thinkingTokens,
                Streams = LargestSet.Count,
                MeanStreams = _gate?.MeanStreams ?? LargestSet.Count,
                CatchUpTokens = _caughtUp,
                GateScore = _gate?.Score,
            },
        });
    }
}
