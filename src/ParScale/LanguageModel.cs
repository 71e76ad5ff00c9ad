using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Engine;
using ParScale.Files;
using ParScale.Generation;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Model;
using ParScale.Quantization;
using ParScale.Store;
using ParScale.Text;
using ParScale.Text.Chat;
using ParScale.Text.Chat.Tools;

namespace ParScale;

/// <summary>
/// A loaded model: generate text, read logits, score text, with any of the stream sets that are resident over its weights. Safe to
/// use from several threads: requests at the same time share the passes, whatever their P, and get what each would get alone.
/// </summary>
/// <example><code>
/// using LanguageModel model = LanguageModel.Load("path/to/folder");
/// await foreach (GeneratedPiece piece in model.GenerateAsync("ROMEO:"))
///     Console.Write(piece.Text);
/// </code></example>
public sealed partial class LanguageModel : IDisposable
{
    private const int MostThreads = 1024;

    private readonly Checkpoint _checkpoint;
    private readonly Backbone _backbone;
    private readonly WeightDtype? _requestedDtype;
    private readonly WorkerPool _pool;
    private readonly InferenceEngine _engine;
    private readonly Task<Tokenizer> _tokenizer;
    private readonly Lock _adding = new();

    // Replaced as a whole when a set is added.
    private IReadOnlyList<StreamSet> _sets;

    // One for the owner and one per session: mapped memory goes away only when nobody reads it any more.
    private int _users = 1;
    private int _disposed;

    private LanguageModel(
        Checkpoint checkpoint, Backbone backbone, StreamSet[] sets, Task<Tokenizer> tokenizer, KvDtype cache, LoadOptions options, WorkerPool pool,
        IForwardPass forward)
    {
        (_checkpoint, _backbone, _requestedDtype, _sets, _pool, Device) = (checkpoint, backbone, options.Dtype, sets, pool, options.Device);
        Streams = sets.First(set => set.Count == (options.OwnStreams ?? sets[^1].Count));
        Notices = [.. checkpoint.Notices, .. backbone.NonFinite, .. sets[^1].NonFinite];
        _engine = new InferenceEngine(backbone, forward, cache, new KvMemory(Budget(checkpoint, options, forward), options.ReusePrefixes), NotFinite);
        _tokenizer = tokenizer;
        HasTokenizer = Text.Tokenizer.IsIn(Folder);
        GenerationConfig = options.UseGenerationConfig ? checkpoint.Config.Generation : GenerationConfig.None;
        DefaultOptions = GenerationConfig.Over(new GenerationOptions()) with { Gate = options.Gate };
        _chatTemplate = new Lazy<ChatTemplate?>(() => options.ChatTemplate?.WithTokensOf(Folder) ?? ChatTemplate.Load(Folder));
        _turnEnd = new Lazy<ChatTurnEnd>(() => ChatTurnEnd.Of(RequiredTemplate(), Tokenizer));
        _toolSupport = new Lazy<ToolSupport>(() => ToolSupport.Of(RequiredTemplate()));
        _thinking = new Lazy<ThinkingSupport>(() => new ThinkingSupport(RequiredTemplate(), Tokenizer));
    }

    /// <summary>Shape and settings of the plain model.</summary>
    public ModelConfig Config => _backbone.Config;

    /// <summary>The streams that requests run with when they do not choose.</summary>
    public StreamSet Streams { get; private set; }

    /// <summary>All stream sets that are resident, that of P = 1 included.</summary>
    public IReadOnlyList<StreamSet> StreamSets => Volatile.Read(ref _sets);

    /// <summary>The folder the model came from.</summary>
    public string Folder => _checkpoint.Folder;

    /// <summary>What was odd about the checkpoint, one line each.</summary>
    public IReadOnlyList<string> Notices { get; private set; }

    /// <summary>Bytes that the weights take in memory, those of streams not counted.</summary>
    public long WeightBytes => Benchmarking.WeightCost.Bytes(_backbone);

    /// <summary>Storage of the weights.</summary>
    public WeightDtype Dtype => _backbone.Type;

    /// <summary>Storage of keys and values of past tokens.</summary>
    public KvDtype KvDtype => _engine.KvDtype;

    /// <summary>Bytes of keys and values that all sequences together may reserve.</summary>
    public long KvMemory => _engine.Memory.Budget;

    /// <summary>Bytes of keys and values that are reserved now, those of finished sequences included.</summary>
    public long KvMemoryInUse => _engine.Memory.Reserved;

    /// <summary>What computes.</summary>
    public ComputeDevice Device { get; }

    /// <summary>Threads of the CPU that compute; on another device the one that tells it what to do.</summary>
    public int Threads => _pool.ThreadCount;

    /// <summary>The instructions that multiply this model's weights, for example <c>avx512-vnni</c>; of another device its interface, such as <c>vulkan</c>.</summary>
    public string KernelTier => Device.KernelTier(Dtype);

    /// <summary>Whether the folder had a tokenizer when the model was loaded.</summary>
    public bool HasTokenizer { get; }

    /// <summary>The tokenizer of the folder, as it was when the model was loaded.</summary>
    /// <exception cref="ParScaleException">The folder has none, or it is malformed or does not fit the model.</exception>
    public Tokenizer Tokenizer => _tokenizer.GetAwaiter().GetResult();

    /// <summary>Loads a folder in Hugging Face layout, or the embedded model.</summary>
    /// <exception cref="ParScaleException">The folder or an option is wrong; the message names the file and what to do.</exception>
    public static LanguageModel Load(string? folder = null, LoadOptions? options = null)
    {
        options ??= new LoadOptions();
        int threads = options.Threads ?? Math.Min(Environment.ProcessorCount, MostThreads);
        if (threads is < 1 or > MostThreads) throw ParScaleException.Usage("CL-02", $"threads is {threads}; it must be 1 to {MostThreads}");
        if (options.KvMemory is < 1) throw ParScaleException.Usage("CL-02", $"the key-value memory is {options.KvMemory} bytes; it must be at least 1");
        folder = SystemPath.WithoutDots(folder ?? EmbeddedModel.Folder());
        using IDisposable? use = FolderUse.Begin(folder);
        HeaderChecksum.Require(folder);
        CheckpointConfig config = CheckpointConfig.Load(folder);
        QuantizedFolder.RequireType(config, options.Dtype);
        CheckpointConfig run = config.WithStreams(options.OwnStreams);
        // An elastic model has all its numbers of streams resident; what is asked for is where requests start.
        if (config.Streams.Elastic.Count > 0) run = config;
        options.Device.Require(config.Model);
        MemoryCheck.Require(run, options.Dtype);
        TierChoice.Apply(options.Tier);
        // Beside the weights, on another core. The folder may be replaced while the model runs, so nothing in it is read later; a
        // tokenizer that is missing or broken is reported when text is asked for: token ids need none.
        Task<Tokenizer> tokenizer = Task.Run(() => Text.Tokenizer.Load(folder, config.Model.VocabularySize));
        try
        {
            return WithAdded(Load(folder, config, run, options, threads, tokenizer), options);
        }
        finally
        {
            Task.WaitAny(tokenizer);
            _ = tokenizer.Exception;
        }
    }

    private static LanguageModel Load(
        string folder, CheckpointConfig config, CheckpointConfig run, LoadOptions options, int threads, Task<Tokenizer> tokenizer)
    {
        Checkpoint checkpoint = Checkpoint.Open(folder, config);
        Backbone? backbone = null;
        WorkerPool? pool = null;
        var sets = new List<StreamSet> { StreamSet.Plain };
        try
        {
            MemoryCheck.Require(run, checkpoint, options.Dtype);
            if (config.QuantizedType is not null) QuantizedCheck.Require(checkpoint.Get(ModelTensors.EmbeddingName).File);
            backbone = Backbone.From(new WeightReader(checkpoint, options.Dtype), config.Model);
            KvDtype cache = options.KvDtype ?? KvCache.DefaultType(backbone.Type);
            IReadOnlyList<StreamRouter> routers = run.Streams.Count > 1 ? StreamGateFile.Read(checkpoint, checkpoint) : [];
            foreach (int count in run.Streams.Elastic.Where(count => count > 1 && count < run.Streams.Count))
                sets.Add(StreamSet.From(new StreamCut(checkpoint, options.Dtype, count), config.Model, run.WithStreams(count).Streams, cache, routers: routers));
            if (run.Streams.Count > 1) sets.Add(StreamSet.From(new WeightReader(checkpoint, options.Dtype), config.Model, run.Streams, cache, routers: routers));
            if (options.StrictWeights && Damage([.. backbone.NonFinite, .. sets[^1].NonFinite]) is { } damage)
                throw new ParScaleException(ErrorKind.BadInput, "ST-24", $"{damage}; fetch the weights again");
            pool = new WorkerPool(options.Device.UsesThreads ? threads : 1);
            IForwardPass forward = options.Device.Open(backbone, sets, cache, pool);
            // Another device has its own copy of the weights.
            if (!options.Device.UsesThreads) backbone.FreeMatrices();
            return new LanguageModel(checkpoint, backbone, [.. sets], tokenizer, cache, options, pool, forward);
        }
        catch
        {
            pool?.Dispose();
            foreach (StreamSet set in sets) set.Free();
            backbone?.Dispose();
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Lets the model go. Requests in flight end with <see cref="ObjectDisposedException"/>; sessions keep the weights until they are
    /// disposed.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        if (_engine.IsLeader)
        {
            // Called from inside a pass: it must end before anything can be waited for.
            ThreadPool.QueueUserWorkItem(_ => End());
            return;
        }
        End();

        void End()
        {
            _engine.Stop();
            Release();
        }
    }

    /// <summary>The error for a computed value that is not finite; it names the damaged tensor if there is one.</summary>
    internal ParScaleException NotFinite(StreamSet set) => Damage([.. _backbone.NonFinite, .. set.NonFinite]) is { } damage
        ? new ParScaleException(ErrorKind.BadInput, "ST-24", $"{damage}: nonfinite_logits: nothing can be computed; fetch the weights again")
        : ParScaleException.BadInput("ST-24", Folder, "nonfinite_logits: every weight is finite, but a computed value is not: weights are too large");

    /// <summary>What runs all requests.</summary>
    internal InferenceEngine Engine => _engine;

    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) > 0) return;
        if (_engine.IsLeader) ThreadPool.QueueUserWorkItem(_ => Free());
        else Free();

        void Free()
        {
            _engine.Dispose();
            _pool.Dispose();
            foreach (StreamSet set in _sets) set.Free();
            _backbone.Dispose();
            _checkpoint.Dispose();
        }
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

    private static long Budget(Checkpoint checkpoint, LoadOptions options, IForwardPass forward)
    {
        if (options.KvMemory is { } bytes) return bytes;
        long left = forward.MemoryLeft ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - MemoryCheck.ResidentBytes(checkpoint.Config, checkpoint, options.Dtype);
        return Math.Max(1, left / 4 * 3);
    }

    // Where NaN or infinity was found, in one line; null when all values are finite.
    private static string? Damage(string[] nonFinite) => nonFinite switch
    {
        [] => null,
        [string only] => only,
        [string first, ..] => $"{first} (the first of {nonFinite.Length} such tensors)",
    };
}
