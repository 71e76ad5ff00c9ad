using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Threads;

/// <summary>
/// A few threads that share ranges of work with the caller, without allocating. Ranges are claimed one by one, and the
/// caller waits only for threads that have joined the job: a thread that the system has put aside never holds it up.
/// Idle threads spin for a moment, then park. Calls from several threads take turns.
/// </summary>
internal sealed unsafe class WorkerPool : IDisposable
{
    private const int SpinRounds = 400;
    private const int SpinsPerRound = 30;
    private const int Closed = int.MinValue;

    private readonly Thread[] _threads;
    private readonly Lock _turn = new();
    private readonly object _park = new();
    private int _parked;
    private int _generation;
    private bool _stopping;

    // The job in hand. _joined counts the pool's threads inside it; negative when no thread may join.
    private int _joined = Closed;
    private delegate*<void*, int, int, void> _invoke;
    private void* _job;
    private int _count;
    private int _rangeLength;
    private int _next;
    private Exception? _failure;

    /// <summary>A pool of <paramref name="threads"/> threads, the caller being one of them.</summary>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ThreadCount = threads;
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { IsBackground = true, Name = $"parscale worker {i + 1}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that work on a job, the caller included.</summary>
    public int ThreadCount { get; }

    /// <summary>Runs all <paramref name="count"/> items of a job, at least <paramref name="grain"/> of them at a time.</summary>
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
            _count = count;
            _rangeLength = Math.Max(grain, (count + ThreadCount * 4 - 1) / (ThreadCount * 4));
            _next = 0;
            _failure = null;
            Volatile.Write(ref _joined, 0);
            Interlocked.Increment(ref _generation);
            if (Volatile.Read(ref _parked) > 0) lock (_park) Monitor.PulseAll(_park);

            TakeRanges();
            Interlocked.Add(ref _joined, Closed);
            var spinner = new SpinWait();
            while (Volatile.Read(ref _joined) != Closed) spinner.SpinOnce(sleep1Threshold: -1);
            if (_failure != null) throw new InvalidOperationException("A kernel failed on a worker thread.", _failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_park)
        {
            _stopping = true;
            Monitor.PulseAll(_park);
        }
        foreach (Thread thread in _threads) thread.Join();
    }

    private static void Invoke<TJob>(void* job, int start, int end) where TJob : struct, IRangeJob =>
        Unsafe.AsRef<TJob>(job).Run(start, end);

    private void Work()
    {
        int seen = 0;
        while (WaitForJob(ref seen))
        {
            if (!TryJoin()) continue;
            TakeRanges();
            Interlocked.Decrement(ref _joined);
        }
    }

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

    private bool WaitForJob(ref int seen)
    {
        for (int round = 0; round < SpinRounds; round++)
        {
            if (Volatile.Read(ref _generation) != seen) break;
            Thread.SpinWait(SpinsPerRound);
        }
        if (Volatile.Read(ref _generation) == seen)
        {
            lock (_park)
            {
                Interlocked.Increment(ref _parked);
                while (Volatile.Read(ref _generation) == seen && !_stopping) Monitor.Wait(_park);
                Interlocked.Decrement(ref _parked);
            }
        }
        seen = Volatile.Read(ref _generation);
        return !Volatile.Read(ref _stopping);
    }

    private void TakeRanges()
    {
        try
        {
            while (true)
            {
                int end = Interlocked.Add(ref _next, _rangeLength);
                int start = end - _rangeLength;
                if (start >= _count) return;
                _invoke(_job, start, Math.Min(end, _count));
            }
        }
        catch (Exception failure)
        {
            // Kept for the caller: an exception on a pool thread would end the process.
            _failure = failure;
        }
    }
}
