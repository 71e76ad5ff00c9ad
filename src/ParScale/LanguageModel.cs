using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using ParScale.Checkpoints;
using ParScale.Generation;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Threads;
using ParScale.Model;
using ParScale.Quantization;
using ParScale.Text;

namespace ParScale;

/// <summary>
/// A loaded model: generate text, read logits, score text. Safe to use from several threads; generations share the cores.
/// </summary>
/// <example><code>
/// using LanguageModel model = LanguageModel.Load("path/to/folder");
/// await foreach (GeneratedPiece piece in model.GenerateAsync("ROMEO:"))
///     Console.Write(piece.Text);
/// </code></example>
public sealed class LanguageModel : IDisposable
{
    private const int MostThreads = 1024;

    private readonly Checkpoint _checkpoint;
    private readonly ModelWeights _weights;
    private readonly PrefixCache _prefix;
    private readonly WorkerPool _pool;
    private readonly Lazy<Tokenizer> _tokenizer;

    // One for the owner and one per session: mapped memory goes away only when nobody reads it any more.
    private int _users = 1;
    private int _disposed;

    private LanguageModel(Checkpoint checkpoint, ModelConfig config, ModelWeights weights, KvType? cache, int threads)
    {
        _checkpoint = checkpoint;
        _weights = weights;
        Config = config;
        Notices = [.. checkpoint.Notices, .. weights.NonFinite];
        _prefix = new PrefixCache(config, weights.Layers, cache ?? KvCache.DefaultType(weights.Type));
        _pool = new WorkerPool(threads);
        _tokenizer = new Lazy<Tokenizer>(() => Text.Tokenizer.Load(Folder, Config.VocabularySize));
        HasTokenizer = Text.Tokenizer.IsIn(Folder);
        ReadTokenizer();
    }

    /// <summary>Shape and settings, with the number of streams that runs.</summary>
    public ModelConfig Config { get; }

    /// <summary>The folder the model came from.</summary>
    public string Folder => _checkpoint.Folder;

    /// <summary>What was odd about the checkpoint, one line each.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>Storage of the weights.</summary>
    public WeightType Type => _weights.Type;

    /// <summary>Storage of keys and values of past tokens.</summary>
    public KvType CacheType => _prefix.Type;

    /// <summary>Threads that compute.</summary>
    public int Threads => _pool.ThreadCount;

    /// <summary>The instructions that multiply this model's weights, for example <c>avx512-vnni</c>.</summary>
    public string KernelTier => Kernels.KernelTier.NameFor(Type);

    /// <summary>Whether the folder had a tokenizer when the model was loaded.</summary>
    public bool HasTokenizer { get; }

    /// <summary>The tokenizer of the folder, as it was when the model was loaded.</summary>
    /// <exception cref="ParScaleException">The folder has none, or it is malformed or does not fit the model.</exception>
    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>Loads a folder in Hugging Face layout, or the embedded model.</summary>
    /// <exception cref="ParScaleException">The folder or an option is wrong; the message names the file and what to do.</exception>
    public static LanguageModel Load(string? folder = null, LoadOptions? options = null)
    {
        options ??= new LoadOptions();
        int threads = options.Threads ?? Math.Min(Environment.ProcessorCount, MostThreads);
        if (threads is < 1 or > MostThreads) throw ParScaleException.Usage("CL-02", $"threads is {threads}; it must be 1 to {MostThreads}");
        folder ??= EmbeddedModel.Folder(options.Streams);
        FolderSeal.Require(folder);
        ModelConfig stored = ModelConfig.Load(folder);
        QuantizedFolder.RequireType(stored, options.Type);
        ModelConfig config = stored.WithStreams(options.Streams);
        MemoryCheck.Require(config, options.Type);
        if (options.Tier is { } tier && !Kernels.KernelTier.TryForce(tier))
            throw ParScaleException.Usage("CL-02", $"tier {ParScaleException.Quote(tier)} is not one this machine has: {Kernels.KernelTier.Names}");
        Checkpoint checkpoint = Checkpoint.Open(folder, stored);
        try
        {
            ModelWeights weights = ModelWeights.Load(checkpoint, config, options.Type);
            if (!options.StrictWeights || weights.Damage is null) return new LanguageModel(checkpoint, config, weights, options.Cache, threads);
            weights.Dispose();
            throw new ParScaleException(ErrorKind.BadInput, "ST-24", $"{weights.Damage}; fetch the weights again");
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Starts an empty sequence with room for <paramref name="capacity"/> tokens.</summary>
    /// <exception cref="ParScaleException">The capacity is above the model's context or the machine's memory.</exception>
    public Session CreateSession(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        if (capacity > Config.MaxPositions) throw Session.ContextFull(Config, capacity);
        Acquire();
        try
        {
            var cache = new KvCache(Config, CacheType, capacity);
            return new Session(this, new ForwardPass(Config, _weights, _prefix, _pool), cache);
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <summary>Generates text after a prompt, piece by piece as it comes.</summary>
    /// <exception cref="ParScaleException">An option is out of range, or the prompt does not fit; thrown by this call.</exception>
    public IAsyncEnumerable<GeneratedPiece> GenerateAsync(
        string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        GenerateAsync(Encode(prompt, options), options, cancellationToken);

    /// <summary>The same after a prompt of token ids; without a tokenizer in the folder the pieces carry ids only.</summary>
    /// <exception cref="ParScaleException">An option is out of range, or the prompt does not fit; thrown by this call.</exception>
    public IAsyncEnumerable<GeneratedPiece> GenerateAsync(
        ReadOnlyMemory<int> prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new GenerationOptions();
        Generator.Check(this, prompt, options);
        return Stream(HasTokenizer ? Tokenizer : null, prompt, options, cancellationToken);
    }

    /// <summary>Generates text after a prompt and gives it whole.</summary>
    /// <exception cref="ParScaleException">An option is out of range, or the prompt does not fit.</exception>
    public string Generate(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new GenerationOptions();
        int[] tokens = Encode(prompt, options);
        Generator.Check(this, tokens, options);
        return string.Concat(Generator.Pieces(this, Tokenizer, tokens, options, cancellationToken).Select(piece => piece.Text));
    }

    /// <summary>The likeliest next token after each of the given tokens, and the logits after the last.</summary>
    /// <exception cref="ParScaleException">There are no tokens, more than the context holds, or one is not in the vocabulary.</exception>
    public LogitsResult Logits(ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default)
    {
        var argmax = new int[tokens.Length];
        var last = new float[Config.VocabularySize];
        using Session session = CreateSession(Math.Max(tokens.Length, 1));
        session.Append(tokens, (position, logits) =>
        {
            argmax[position] = TensorPrimitives.IndexOfMax(logits);
            if (position == argmax.Length - 1) logits.CopyTo(last);
        }, cancellationToken);
        return new LogitsResult(argmax, last);
    }

    /// <summary>
    /// How well the model predicts each token from those before it. A text longer than the context is read in windows of
    /// the context's length; every token but the first of all is predicted once.
    /// </summary>
    /// <exception cref="ParScaleException">There are fewer than two tokens, or one is not in the vocabulary.</exception>
    public ScoreResult Score(ReadOnlySpan<int> tokens, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        if (tokens.Length < 2) throw ParScaleException.Usage("SC-01", $"a score needs at least two tokens, the text has {tokens.Length}");
        foreach (int token in tokens) CheckToken(token);
        double total = 0;
        int[] all = tokens.ToArray();
        for (int start = 0; start < all.Length - 1; start += Config.MaxPositions)
        {
            int length = Math.Min(Config.MaxPositions, all.Length - 1 - start), from = start;
            using Session session = CreateSession(length);
            session.Append(all.AsSpan(start, length), (position, logits) =>
            {
                total += Softmax.LogSumExp(logits) - logits[all[from + position + 1]];
                progress?.Report(from + position + 1);
            }, cancellationToken);
        }
        return new ScoreResult(total, all.Length - 1);
    }

    /// <summary>Lets the model go. Sessions in use keep the weights until they are disposed.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) Release();
    }

    /// <summary>The error for a computed value that is not finite; it names the damaged tensor if there is one.</summary>
    internal ParScaleException NotFinite() => _weights.Damage is { } damage
        ? new ParScaleException(ErrorKind.BadInput, "ST-24", $"{damage}: nonfinite_logits: nothing can be computed; fetch the weights again")
        : ParScaleException.BadInput("ST-24", Folder, "nonfinite_logits: every weight is finite, but a computed value is not: weights are too large");

    internal void CheckToken(int token)
    {
        if (token < 0 || token >= Config.VocabularySize)
            throw ParScaleException.Usage("TK-05", $"token {token} is not in the vocabulary (0 to {Config.VocabularySize - 1})");
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) > 0) return;
        _pool.Dispose();
        _prefix.Dispose();
        _weights.Dispose();
        _checkpoint.Dispose();
    }

    private void Acquire()
    {
        int users = Volatile.Read(ref _users);
        while (true)
        {
            ObjectDisposedException.ThrowIf(users == 0 || Volatile.Read(ref _disposed) != 0, this);
            int before = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (before == users) return;
            users = before;
        }
    }

    // An empty prompt begins where a text of the training data would.
    private int[] Encode(string prompt, GenerationOptions? options)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        int[] tokens = Tokenizer.Encode(prompt, options?.ParseSpecial ?? false);
        if (tokens.Length > 0) return tokens;
        int? start = Config.BeginOfTextId ?? (Config.EndOfTextIds.Count > 0 ? Config.EndOfTextIds[0] : null);
        return start is null ? throw ParScaleException.Usage("GE-04", "the prompt is empty; give some text to go on from") : [start.Value];
    }

    // The folder may be replaced while the model runs, so nothing in it is read later. A tokenizer that is missing or broken is
    // told of when text is asked for: token ids need none.
    private void ReadTokenizer()
    {
        try
        {
            _ = _tokenizer.Value;
        }
        catch (ParScaleException)
        {
            // The Lazy keeps it and throws it again.
        }
    }

    // Each step runs on the thread pool, so that an awaiting user interface or server thread stays free.
    private async IAsyncEnumerable<GeneratedPiece> Stream(
        Tokenizer? tokenizer, ReadOnlyMemory<int> prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using IEnumerator<GeneratedPiece> steps = Generator.Pieces(this, tokenizer, prompt, options, cancellationToken).GetEnumerator();
        while (await Task.Run(steps.MoveNext, cancellationToken).ConfigureAwait(false)) yield return steps.Current;
    }
}
