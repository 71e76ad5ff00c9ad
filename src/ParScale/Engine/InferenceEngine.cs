using ParScale.Kernels.Formats;
using ParScale.Model;

namespace ParScale.Engine;

/// <summary>
/// Runs everything that callers want of one model. It owns the only forward pass, and one thread at a time runs it: each pass takes
/// one token of every sequence that is writing and then pieces of the prompts that wait, whatever their P. A caller who waits for an
/// answer runs the passes on its own thread while nobody else does, which costs no hand-over; otherwise the engine's thread does.
/// </summary>
internal sealed partial class InferenceEngine : IDisposable
{
    private const int WaitMilliseconds = 50;

    private readonly Backbone _backbone;
    private readonly IForwardPass _forward;
    private readonly Func<StreamSet, ParScaleException> _notFinite;
    private readonly Action _kick;

    private readonly object _gate = new();
    private readonly SemaphoreSlim _wake = new(0);
    private Thread? _thread;

    // Guarded by the gate. _led: some thread runs passes. _changed: something happened since that thread last looked. _backlog: work
    // that waits for room, or for something that is made elsewhere. _open: work that has not ended, that of sessions aside.
    private readonly List<Work> _arrived = [];
    private bool _led, _changed, _stopped, _disposed;
    private int _backlog, _open;
    private long _number;

    // The thread that runs passes, 0 when none does.
    private int _leader;

    /// <summary>An engine over weights that outlive it.</summary>
    /// <param name="backbone">The weights.</param>
    /// <param name="forward">What computes with them; the engine disposes of it.</param>
    /// <param name="kvDtype">How keys and values are stored.</param>
    /// <param name="memory">The budget of all sequences.</param>
    /// <param name="notFinite">The error for a logit that is not finite.</param>
    public InferenceEngine(Backbone backbone, IForwardPass forward, KvDtype kvDtype, KvMemory memory, Func<StreamSet, ParScaleException> notFinite)
    {
        (_backbone, _forward, Memory, KvDtype, _notFinite, _kick) = (backbone, forward, memory, kvDtype, notFinite, Kick);
    }

    /// <summary>The budget of all sequences.</summary>
    public KvMemory Memory { get; }

    /// <summary>How keys and values are stored.</summary>
    public KvDtype KvDtype { get; }

    /// <summary>Makes a set of streams ready to run.</summary>
    /// <exception cref="ParScaleException">What computes cannot run it, or has no memory for it.</exception>
    public void Add(StreamSet set) => _forward.Add(set);

    /// <summary>
    /// The most tokens, up to the context, whose keys and values with a cache for each set take at most these bytes, and each no more than one may.
    /// </summary>
    public int MostTokens(IReadOnlyList<StreamSet> sets, long bytes)
    {
        (int fits, int most) = (0, _backbone.Config.MaxPositions);
        while (fits < most)
        {
            int middle = fits + (most - fits + 1) / 2;
            long[] caches = Bytes(sets, middle);
            if (caches.Sum() <= bytes && caches.Max() <= _forward.MostCacheBytes) fits = middle;
            else most = middle - 1;
        }
        return fits;
    }

    /// <summary>Refuses a sequence that could never fit, with a cache for each set.</summary>
    /// <exception cref="ParScaleException">KV-01.</exception>
    public void RequirePossible(IReadOnlyList<StreamSet> sets, int capacity)
    {
        long[] caches = Bytes(sets, capacity);
        string? limit = caches.Sum() > Memory.Budget
            ? $"the budget of all sequences is {Size(Memory.Budget)}; ask for fewer tokens or streams, a smaller cache type (--kv-dtype), or a larger budget (--kv-memory)"
            : caches.Max() > _forward.MostCacheBytes
                ? $"one sequence may take at most {Size(_forward.MostCacheBytes)} on this device; ask for fewer tokens or streams, or a smaller cache type (--kv-dtype)"
                : null;
        if (limit is null) return;
        string streams = string.Join(" and again with ", sets.Select(set => $"{set.Cached.Count}"));
        throw new ParScaleException(ErrorKind.NotEnoughMemory, "KV-01", $"{capacity} tokens with {streams} streams need {Size(caches.Sum())} of keys and values, {limit}");
    }

    /// <summary>Room for a sequence that its caller holds; finished sequences make way for it.</summary>
    /// <exception cref="ParScaleException">It could never fit (KV-01), or others hold the room (KV-02).</exception>
    public KeyValues Reserve(StreamSet set, int capacity)
    {
        RequirePossible([set], capacity);
        long bytes = _forward.CacheBytes(set, KvDtype, capacity);
        if (!Memory.TryReserve(bytes))
        {
            throw new ParScaleException(ErrorKind.NotEnoughMemory, "KV-02",
                $"{capacity} tokens with {set.Cached.Count} streams need {Size(bytes)} of keys and values; of the budget of "
                + $"{Size(Memory.Budget)} other sequences hold {Size(Memory.Reserved)}; dispose of sessions or wait for requests to end");
        }
        try
        {
            return NewCache(set, capacity, []);
        }
        catch
        {
            Memory.Release(bytes);
            // Somebody may wait for this room.
            Kick();
            throw;
        }
    }

    /// <summary>Frees a cache that a caller held.</summary>
    public void Release(KeyValues cache)
    {
        cache.Dispose();
        Memory.Release(cache.Bytes);
        Kick();
    }

    /// <summary>Hands work over; the engine's thread runs it. Its <see cref="Work.End"/> tells how it went.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void Submit(Work work)
    {
        lock (_gate)
        {
            Arrive(work);
            if (!_led) StartThread();
        }
    }

    /// <summary>Runs work to its end; on this thread when no other runs the engine.</summary>
    /// <exception cref="InvalidOperationException">A visitor called this, from within a pass.</exception>
    public void Run(Work work)
    {
        if (IsLeader) throw new InvalidOperationException("a logits visitor must not run the model: the pass that called it has to end first");
        bool lead;
        lock (_gate)
        {
            Arrive(work);
            lead = !_led;
            _led = true;
        }
        if (lead) Lead(work);
        while (!work.Wait(WaitMilliseconds))
        {
            if (work.Cancellation.IsCancellationRequested) Kick();
        }
        work.ThrowIfFailed();
    }

    /// <summary>Has the engine look again at what waits: something was cancelled or given back.</summary>
    public void Kick()
    {
        lock (_gate)
        {
            _changed = true;
            if (!_led && _arrived.Count + _backlog > 0) StartThread();
        }
    }

    /// <summary>Whether the calling thread is inside a pass, called by a visitor or a receiver of text: it must not wait for the engine.</summary>
    public bool IsLeader => Volatile.Read(ref _leader) == Environment.CurrentManagedThreadId;

    /// <summary>Refuses new work, ends all but that of sessions, and waits for it.</summary>
    public void Stop()
    {
        lock (_gate) _stopped = true;
        Kick();
        lock (_gate)
        {
            while (_open > 0) Monitor.Wait(_gate);
        }
    }

    /// <summary>Frees the engine's memory. Nobody may have work in it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            // A leader may have told its caller that all is done, and still be on its way out.
            while (_led) Monitor.Wait(_gate);
        }
        _wake.Release();
        _thread?.Join();
        _wake.Dispose();
        Memory.Dispose();
        _forward.Dispose();
    }

    private void Arrive(Work work)
    {
        ObjectDisposedException.ThrowIf(_disposed || (_stopped && !work.KeepsCache), typeof(LanguageModel));
        (work.Number, work.HasLeft, work.Wake) = (_number++, false, _kick);
        _arrived.Add(work);
        _changed = true;
        if (!work.KeepsCache) _open++;
    }

    private void StartThread()
    {
        _led = true;
        if (_thread is null)
        {
            _thread = new Thread(LeadWhenWoken) { IsBackground = true, Name = "parscale engine" };
            _thread.Start();
        }
        _wake.Release();
    }

    private void LeadWhenWoken()
    {
        while (true)
        {
            _wake.Wait();
            lock (_gate)
            {
                if (!_led) return;
            }
            Lead(null);
        }
    }

    // Runs passes until nothing is left to do, or until a caller's own work has ended: the engine's thread then does the rest.
    private void Lead(Work? own)
    {
        Volatile.Write(ref _leader, Environment.CurrentManagedThreadId);
        while (true)
        {
            bool did = Step();
            lock (_gate)
            {
                _backlog = _waiting.Count + _active.Count;
                bool more = did || _changed, left = own is { Ended: true };
                if (more && !left) continue;
                Volatile.Write(ref _leader, 0);
                if (left && (_changed || _active.Count + _waiting.Count > 0)) StartThread();
                else _led = false;
                Monitor.PulseAll(_gate);
                return;
            }
        }
    }

    private long[] Bytes(IReadOnlyList<StreamSet> sets, int tokens) => [.. sets.Select(set => _forward.CacheBytes(set, KvDtype, tokens))];

    // Small budgets differ by less than a MiB.
    private static string Size(long bytes) => bytes < 10 << 20 ? $"{(bytes + 1023) >> 10} KiB" : $"{(bytes + (1 << 20) - 1) >> 20} MiB";
}
