using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using ParScale.Engine;
using ParScale.Generation;
using ParScale.Kernels.Elementwise;
using ParScale.Model;
using ParScale.Text;

namespace ParScale;

// What can be asked of a model. Each is a thin view of the engine.
public sealed partial class LanguageModel
{
    // Of a limit that leaves room to others: the part of the key-value memory that it may take, and the tokens that it may have all the same.
    private const int ShareOfImplied = 4, ImpliedTokens = 1024;

    /// <summary>Starts an empty sequence with room for <paramref name="capacity"/> tokens.</summary>
    /// <param name="capacity">Tokens; the room is reserved until the session is disposed.</param>
    /// <param name="streams">The streams that it runs with; null takes the model's own.</param>
    /// <exception cref="ParScaleException">
    /// The capacity is above the model's context or the key-value memory (KV-01), other sequences hold too much of it (KV-02), or there are
    /// no such streams (CL-09).
    /// </exception>
    public Session CreateSession(int capacity, StreamChoice? streams = null) => CreateSession(capacity, SetOf(streams));

    /// <summary>Generates text after a prompt, piece by piece as it comes.</summary>
    /// <exception cref="ParScaleException">An option is out of range, or the prompt does not fit; thrown by this call.</exception>
    public IAsyncEnumerable<GeneratedPiece> GenerateAsync(
        string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        GenerateAsync(Encode(prompt, options), options, cancellationToken);

    /// <summary>
    /// The same after a prompt of token ids; without a tokenizer in the folder the pieces carry ids only. The engine does not wait for
    /// whoever reads: it runs ahead, and stops when the reader leaves.
    /// </summary>
    /// <exception cref="ParScaleException">An option is out of range, or the prompt does not fit; thrown by this call.</exception>
    public IAsyncEnumerable<GeneratedPiece> GenerateAsync(
        ReadOnlyMemory<int> prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        options = Check(prompt.Span, options ?? DefaultOptions);
        return Stream(prompt, options, cancellationToken);
    }

    /// <summary>Generates text after a prompt and gives it whole.</summary>
    /// <exception cref="ParScaleException">An option is out of range, or the prompt does not fit.</exception>
    public string Generate(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= DefaultOptions;
        int[] tokens = Encode(prompt, options);
        options = Check(tokens, options);
        var text = new StringBuilder();
        _engine.Run(new GenerationWork(
            Config, SetOf(options.Streams), Tokenizer, tokens, options, piece => text.Append(piece.Text), _ => { }, cancellationToken));
        return text.ToString();
    }

    /// <summary>The likeliest next token after each of the given tokens, and the logits after the last.</summary>
    /// <exception cref="ParScaleException">There are no tokens, more than the context holds, or one is not in the vocabulary.</exception>
    public LogitsResult Logits(ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default) => Logits(tokens, null, cancellationToken);

    /// <summary>The same with chosen streams.</summary>
    /// <exception cref="ParScaleException">There are no tokens, more than the context holds, one is not in the vocabulary, or there are no such streams.</exception>
    public LogitsResult Logits(ReadOnlySpan<int> tokens, StreamChoice? streams, CancellationToken cancellationToken = default)
    {
        var argmax = new int[tokens.Length];
        var last = new float[Config.VocabularySize];
        ReadAll(tokens, SetOf(streams), (position, logits) =>
        {
            argmax[position] = TensorPrimitives.IndexOfMax(logits);
            if (position == argmax.Length - 1) logits.CopyTo(last);
        }, cancellationToken);
        return new LogitsResult(argmax, last);
    }

    /// <summary>
    /// How well the model predicts each token from those before it. A text longer than the context is read in windows of
    /// the context's length, all of which begin with the token that begins the text, if it has one; every token but the first of all is predicted once.
    /// </summary>
    /// <exception cref="ParScaleException">There are fewer than two tokens, or one is not in the vocabulary.</exception>
    public ScoreResult Score(ReadOnlySpan<int> tokens, IProgress<int>? progress = null, CancellationToken cancellationToken = default) =>
        Score(tokens, new ScoreOptions(), progress, cancellationToken);

    /// <summary>The same with chosen streams, and with the log-probability of every token if the options ask for it.</summary>
    /// <exception cref="ParScaleException">There are fewer than two tokens, one is not in the vocabulary, or an option is out of range.</exception>
    public ScoreResult Score(
        ReadOnlySpan<int> tokens, ScoreOptions options, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (tokens.Length < 2) throw ParScaleException.Usage("SC-01", $"a score needs at least two tokens, the text has {tokens.Length}");
        PredictedToken.CheckTop(options.TopLogProbs);
        CheckTokens(tokens);
        StreamSet set = SetOf(options.Streams);
        List<PredictedToken>? predictions = options.TopLogProbs is null ? null : [];
        double total = 0;
        int[] all = tokens.ToArray();
        // Every window begins as the text does, where a token stands for that; what it predicts there the window before has predicted.
        int[] begin = all[0] == Config.BeginOfTextId && Config.MaxPositions > 1 ? all[..1] : [];
        for (int start = 0; start < all.Length - 1;)
        {
            int[] before = start == 0 ? [] : begin;
            int length = Math.Min(Config.MaxPositions - before.Length, all.Length - 1 - start), from = start - before.Length;
            ReadAll([.. before, .. all.AsSpan(start, length)], set, (position, logits) =>
            {
                if (position < before.Length) return;
                int next = all[from + position + 1];
                if (predictions is null) total += Softmax.LogSumExp(logits) - logits[next];
                else
                {
                    predictions.Add(PredictedToken.Of(logits, next, options.TopLogProbs!.Value));
                    total -= predictions[^1].LogProb;
                }
                progress?.Report(from + position + 1);
            }, cancellationToken);
            start += length;
        }
        return new ScoreResult(total, all.Length - 1) { Predictions = predictions };
    }

    internal static ParScaleException ContextFull(Configuration.ModelConfig config, long tokens) =>
        ParScaleException.Usage("GE-03", $"{tokens} tokens do not fit: the model's context is {config.MaxPositions} tokens; shorten the text");

    internal Session CreateSession(int capacity, StreamSet set)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        if (capacity > Config.MaxPositions) throw ContextFull(Config, capacity);
        Acquire();
        try
        {
            return new Session(this, _engine, set, _engine.Reserve(set, capacity));
        }
        catch
        {
            Release();
            throw;
        }
    }

    internal void CheckTokens(ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty) throw ParScaleException.Usage("GE-04", "no tokens to run; give at least one");
        foreach (int token in tokens)
        {
            if (token < 0 || token >= Config.VocabularySize)
                throw ParScaleException.Usage("TK-05", $"token {token} is not in the vocabulary (0 to {Config.VocabularySize - 1})");
        }
    }

    private StreamSet SetOf(StreamChoice? choice) => choice is null ? Streams : choice.Value.Find(StreamSets);

    // Bad options and prompts are refused before anything is run, so that a caller hears of them at once and not with the first piece.
    private GenerationOptions Check(ReadOnlySpan<int> prompt, GenerationOptions options)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        options.Validate();
        StreamSet set = SetOf(options.Streams);
        options.Gate?.Require(set);
        options.Sampling.RequireVocabulary(Config.VocabularySize);
        if (options.Constraint is not null && !HasTokenizer) throw ParScaleException.Usage("JS-04", "an output schema needs the model's tokenizer; there is none");
        CheckTokens(prompt);
        foreach (int token in options.StopTokenIds)
        {
            if (token < 0 || token >= Config.VocabularySize) throw ParScaleException.Usage("GE-09", $"the stop token {token} is not in the vocabulary (0 to {Config.VocabularySize - 1})");
        }
        if (prompt.Length > Config.MaxPositions) throw ContextFull(Config, prompt.Length);
        if (options.NamedMost is null) options = WithRoom(prompt.Length, set, options);
        _engine.RequirePossible(GenerationWork.SetsFor(set, options), GenerationWork.CapacityFor(Config, prompt.Length, options));
        return options;
    }

    // Nobody is refused for a limit that they did not choose.
    private GenerationOptions WithRoom(int prompt, StreamSet set, GenerationOptions options)
    {
        IReadOnlyList<StreamSet> sets = GenerationWork.SetsFor(set, options);
        int room = _engine.MostTokens(sets, KvMemory);
        if (options.LeavesRoom) room = Math.Max(_engine.MostTokens(sets, KvMemory / ShareOfImplied), Math.Min(prompt + ImpliedTokens, room));
        if (GenerationWork.CapacityFor(Config, prompt, options) <= room) return options;
        return options with { MaxNewTokens = Math.Max(room - prompt + 1, Math.Max(1, options.MinNewTokens)) };
    }

    private void ReadAll(ReadOnlySpan<int> tokens, StreamSet set, LogitsVisitor visit, CancellationToken cancellationToken)
    {
        CheckTokens(tokens);
        if (tokens.Length > Config.MaxPositions) throw ContextFull(Config, tokens.Length);
        _engine.RequirePossible([set], tokens.Length);
        _engine.Run(new AppendWork(set, tokens, visit, cancellationToken));
    }

    // An empty prompt begins where a text of the training data would.
    private int[] Encode(string prompt, GenerationOptions? options)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        int[] tokens = Tokenizer.Encode(prompt, options?.ParseSpecial ?? false, addSpecial: true);
        if (tokens.Length > 0) return tokens;
        return Config.FirstToken is { } start ? [start] : throw ParScaleException.Usage("GE-04", "the prompt is empty; give some text to continue");
    }

    // A reader who leaves, or whose token is cancelled, takes its request out of the engine.
    private async IAsyncEnumerable<GeneratedPiece> Stream(
        ReadOnlyMemory<int> prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using CancellationTokenRegistration look = leave.Token.UnsafeRegister(engine => ((InferenceEngine)engine!).Kick(), _engine);
        var pieces = Channel.CreateUnbounded<GeneratedPiece>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        _engine.Submit(new GenerationWork(
            Config, SetOf(options.Streams), HasTokenizer ? Tokenizer : null, prompt.Span, options,
            piece => pieces.Writer.TryWrite(piece), failure => pieces.Writer.TryComplete(failure), leave.Token));
        try
        {
            while (await pieces.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (pieces.Reader.TryRead(out GeneratedPiece? piece))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return piece;
                }
            }
        }
        finally
        {
            await leave.CancelAsync().ConfigureAwait(false);
        }
    }
}
