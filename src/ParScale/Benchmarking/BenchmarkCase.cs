using System.Diagnostics;
using System.Numerics.Tensors;
using ParScale.Configuration;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Model;

namespace ParScale.Benchmarking;

/// <summary>One row at work: a forward pass of the product, with caches that hold the row's context.</summary>
internal sealed class BenchmarkCase : IDisposable
{
    private readonly ModelConfig _config;
    private readonly IForwardPass _forward;
    private readonly StreamSet[] _sets;
    private readonly KeyValues[] _caches;
    private readonly PassSequence[] _pass;
    private readonly int[] _tokens;
    private readonly int _context;

    /// <param name="forward">What computes; it stays the caller's.</param>
    /// <param name="config">The model.</param>
    /// <param name="sets">A sequence for each.</param>
    /// <param name="cache">How keys and values are stored.</param>
    /// <param name="context">Tokens before the step.</param>
    /// <param name="room">Tokens that a cache holds.</param>
    public BenchmarkCase(IForwardPass forward, ModelConfig config, StreamSet[] sets, KvDtype cache, int context, int room)
    {
        (_forward, _config, _context, _sets) = (forward, config, context, sets);
        _caches = [.. sets.Select(set => forward.NewCache(set, cache, room))];
        _pass = new PassSequence[sets.Length];
        _tokens = new int[sets.Length];
        foreach (KvCache filled in _caches.OfType<KvCache>()) Fill(filled, room);
    }

    /// <summary>Caches of the sequences. The host cannot write those that a device keeps: they hold what memory holds, until someone clears them.</summary>
    public IReadOnlyList<KeyValues> Caches => _caches;

    /// <summary>Whether steps may leave the choice of the likeliest token to the pass.</summary>
    public bool LikeliestDo { get; set; }

    /// <summary>What the steps so far read of experts.</summary>
    public ExpertUse Experts { get; private set; }

    /// <summary>Tokens that a row's cache has room for.</summary>
    public static int Room(int context, int prompt) => Math.Max(context + 1, prompt);

    /// <summary>Rows of the first pass over a prompt with the most streams of a batch.</summary>
    public static int PromptRows(BenchmarkPlan plan, StreamBatch batch)
    {
        StreamConfig streams = plan.StreamsOf(batch.Streams.Max(), batch.Anchored);
        return Math.Min(plan.Prompt, TokensPerPass(streams)) * streams.CachedStreams;
    }

    /// <summary>Bytes of keys and values of a number of tokens in every sequence, and of the prefixes.</summary>
    public static long CacheBytes(BenchmarkPlan plan, StreamBatch batch, KvDtype type, int tokens)
    {
        ModelConfig model = plan.Model;
        long Prefixes(StreamConfig streams) => model.LayerCount
            * KvBuffer.BytesFor(type, streams.Prefixes, model.KeyValueHeads, model.HeadSize, streams.PrefixTokens);
        return batch.Streams.Sum(streams => KvCache.BytesFor(model, plan.StreamsOf(streams, batch.Anchored).CachedStreams, type, tokens))
            + batch.Streams.Distinct().Sum(streams => Prefixes(plan.StreamsOf(streams, batch.Anchored)));
    }

    /// <summary>A step, and as much of a prompt as one pass takes.</summary>
    public void WarmUp(int prompt)
    {
        int tokens = Math.Min(prompt, MostTokens);
        if (tokens > 0) Prefill(new int[tokens]);
        Step();
    }

    /// <summary>One decode step of every sequence after the context, from the last token to the next. Returns milliseconds.</summary>
    public double Step()
    {
        for (int i = 0; i < _pass.Length; i++)
        {
            _caches[i].Rewind(_context);
            _pass[i] = new PassSequence(_caches[i], _sets[i], 1, 1) { LikeliestDo = LikeliestDo };
        }
        ExpertRoutes? experts = (_forward as ForwardPass)?.Experts;
        (long layers, long read, long bytes) = (experts?.Layers ?? 0, experts?.Read ?? 0, experts?.ReadBytes ?? 0);
        long start = Stopwatch.GetTimestamp();
        Choose(_forward.Run(_tokens, _pass));
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        if (experts is not null)
            Experts = new ExpertUse(Experts.Steps + 1, Experts.Layers + experts.Layers - layers, Experts.Experts + experts.Read - read, Experts.Bytes + experts.ReadBytes - bytes);
        return milliseconds;
    }

    /// <summary>Reads a prompt into the empty caches, one sequence after the other, and chooses the tokens after it. Returns seconds.</summary>
    public double Prefill(ReadOnlySpan<int> tokens)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < _pass.Length; i++)
        {
            _caches[i].Rewind(0);
            for (int at = 0; at < tokens.Length; at += MostTokens)
            {
                int count = Math.Min(MostTokens, tokens.Length - at);
                int wanted = _forward.Run(
                    tokens.Slice(at, count), [new PassSequence(_caches[i], _sets[i], count, at + count == tokens.Length ? 1 : 0)]);
                if (wanted > 0) Choose(wanted);
            }
        }
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (KeyValues cache in _caches) cache.Dispose();
    }

    private int MostTokens => _sets.Min(set => TokensPerPass(set.Config));

    // Helpers run for the last token of a prompt.
    private static int TokensPerPass(StreamConfig streams) => (ForwardPass.MostRows - streams.Count + streams.CachedStreams) / streams.CachedStreams;

    private void Choose(int wanted)
    {
        int first = 0, end = 0;
        ReadOnlySpan<float> logits = [];
        for (int i = 0; i < wanted; i++)
        {
            Likeliest likeliest = _forward.LikeliestOf(i);
            bool finite;
            if (likeliest.Tokens.IsEmpty)
            {
                // Once for as many tokens as one call gives: the CPU computes them at each call.
                if (i >= end)
                {
                    (first, end) = (i, Math.Min(i + ForwardPass.MostLogits, wanted));
                    logits = _forward.Logits(first, end - first);
                }
                ReadOnlySpan<float> own = logits.Slice((i - first) * _config.VocabularySize, _config.VocabularySize);
                (finite, _tokens[i]) = (TensorPrimitives.IsFiniteAll(own), TensorPrimitives.IndexOfMax(own));
            }
            else (finite, _tokens[i]) = (likeliest.AllFinite, likeliest.Tokens[0]);
            if (!finite) throw new InvalidOperationException("a logit is not finite");
        }
    }

    // Reading a long context with many streams would take minutes; what the numbers are does not change the time.
    private void Fill(KvCache cache, int tokens)
    {
        int width = _config.KeyValueHeads * _config.HeadSize;
        var values = new float[width];
        for (int token = 0; token < tokens; token++)
        {
            for (int i = 0; i < width; i++) values[i] = ((token * 31 + i * 17) % 61 - 30) / 30f;
            for (int layer = 0; layer < _config.LayerCount; layer++)
                for (int stream = 0; stream < KeyValues.StreamsIn(layer, cache.Streams); stream++) cache.Layer(layer).Store(stream, token, values, values);
        }
        cache.Advance(new int[tokens]);
    }
}
