using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Machine;

/// <summary>Work that can be cut into ranges of items which do not touch each other's output.</summary>
internal interface IRangeJob
{
    /// <summary>Does the items from <paramref name="start"/> up to, not including, <paramref name="end"/>.</summary>
    void Run(int start, int end);
}

/// <summary>
/// A few threads that share ranges of work with the caller, without allocating. Each thread starts on a stretch of its
/// own, so that it reads memory in order; one that is done takes half of what another has left, so that all end together.
/// The caller waits only for threads that have joined the job: a thread that the system has put aside never holds it up.
/// Idle threads spin for a moment, then park. Calls from several threads take turns.
/// </summary>
internal sealed unsafe class WorkerPool : IDisposable
{
    // About a third of a millisecond: the caller's own work between two jobs of a decode step is shorter.
    private const int SpinRounds = 4000;
    private const int SpinsPerRound = 2;
    private const int Closed = int.MinValue;

    private readonly Worker[] _workers;
    private readonly Shares _shares;
    private readonly Lock _turn = new();
    private int _generation;
    private volatile bool _stopping;

    // The job in hand. _joined counts the pool's threads inside it; negative when no thread may join.
    private int _joined = Closed;
    private int _wanted;
    private delegate*<void*, int, int, void> _invoke;
    private void* _job;
    private Exception? _failure;

    /// <summary>A pool of <paramref name="threads"/> threads, the caller being one of them.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ThreadCount = threads;
        _shares = new Shares(threads);
        _workers = new Worker[threads - 1];
        for (int i = 0; i < _workers.Length; i++) _workers[i] = new Worker(this, i + 1);
        foreach (Worker worker in _workers) worker.Thread.Start();
    }

    /// <summary>Threads that work on a job, the caller included.</summary>
    public int ThreadCount { get; }

    /// <summary>Runs all <paramref name="count"/> items of a job; ranges start at multiples of <paramref name="grain"/>.</summary>
    internal void Run<TJob>(ref TJob job, int count, int grain) where TJob : struct, IRangeJob
    {
        if (ThreadCount == 1 || count <= grain)
        {
            job.Run(0, count);
            return;
        }
        lock (_turn)
        {
            // The job struct stays on the caller's stack: the caller does not return before every thread has left.
            _job = Unsafe.AsPointer(ref job);
            _invoke = &Invoke<TJob>;
            _failure = null;
            _wanted = (int)Math.Min(ThreadCount, ((long)count + grain - 1) / grain);
            _shares.Split(count, grain, _wanted);
            Volatile.Write(ref _joined, 0);
            Interlocked.Increment(ref _generation);
            for (int i = 0; i < _wanted - 1; i++) _workers[i].WakeIfParked();

            TakeRanges(0);
            Interlocked.Add(ref _joined, Closed);
            for (int spin = 0; spin < SpinRounds && Volatile.Read(ref _joined) != Closed; spin++) Thread.SpinWait(SpinsPerRound);
            var spinner = new SpinWait();
            while (Volatile.Read(ref _joined) != Closed) spinner.SpinOnce(sleep1Threshold: -1);
            if (_failure != null) throw new InvalidOperationException("A kernel failed on a worker thread.", _failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping = true;
        foreach (Worker worker in _workers) worker.WakeIfParked();
        foreach (Worker worker in _workers) worker.Thread.Join();
    }

    private static void Invoke<TJob>(void* job, int start, int end) where TJob : struct, IRangeJob =>
        Unsafe.AsRef<TJob>(job).Run(start, end);

    private bool TryJoin()
    {
        int joined = Volatile.Read(ref _joined);
        while (joined >= 0)
        {
            int before = Interlocked.CompareExchange(ref _joined, joined + 1, joined);
            if (before == joined) return true;
            joined = before;
        }
        return false;
    }

    private void TakeRanges(int thread)
    {
        try
        {
            while (_shares.TryTake(thread, out int start, out int end)) _invoke(_job, start, end);
        }
        catch (Exception failure)
        {
            // Kept for the caller: an exception on a pool thread would end the process.
            _failure = failure;
        }
    }

    private sealed class Worker
    {
        private readonly WorkerPool _pool;
        private readonly int _index;
        private readonly object _park = new();
        private int _parked;
        private int _seen;

        public Worker(WorkerPool pool, int index)
        {
            _pool = pool;
            _index = index;
            Thread = new Thread(Work) { IsBackground = true, Name = $"parscale worker {index}" };
        }

        public Thread Thread { get; }

        public void WakeIfParked()
        {
            if (Volatile.Read(ref _parked) == 0) return;
            lock (_park) Monitor.Pulse(_park);
        }

        private void Work()
        {
            while (WaitForJob())
            {
                if (!_pool.TryJoin()) continue;
                _pool.TakeRanges(_index);
                Interlocked.Decrement(ref _pool._joined);
            }
        }

        private bool WaitForJob()
        {
            for (int round = 0; round < SpinRounds && !_pool._stopping; round++)
            {
                if (IsWanted()) return true;
                Thread.SpinWait(SpinsPerRound);
            }
            lock (_park)
            {
                // A full barrier, as the caller's increment is one: either it sees this thread parked, or this thread sees its job.
                Interlocked.Exchange(ref _parked, 1);
                bool wanted = IsWanted();
                while (!wanted && !_pool._stopping)
                {
                    Monitor.Wait(_park);
                    wanted = IsWanted();
                }
                Volatile.Write(ref _parked, 0);
            }
            return !_pool._stopping;
        }

        // A small job wants only the first threads; the others let it pass, and park in time.
        private bool IsWanted()
        {
            int generation = Volatile.Read(ref _pool._generation);
            if (generation == _seen) return false;
            _seen = generation;
            return _index < Volatile.Read(ref _pool._wanted);
        }
    }
}
