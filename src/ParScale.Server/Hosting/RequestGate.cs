using ParScale.Server.Http;

namespace ParScale.Server.Hosting;

/// <summary>
/// Lets so many requests run and so many wait, in order of arrival; one more is refused with the time after which a place is likely
/// to be free. Safe to use from several threads.
/// </summary>
internal sealed class RequestGate(int mostRunning, int mostWaiting)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _queue = [];
    private int _running;

    // How long requests take, each counting an eighth of what was known before; seconds.
    private double _meanSeconds = 1;

    /// <summary>Requests that run.</summary>
    public int Running
    {
        get
        {
            lock (_lock) return _running;
        }
    }

    /// <summary>Requests that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock) return _queue.Count;
        }
    }

    /// <summary>Waits for a place; disposing of it gives the place to the next.</summary>
    /// <exception cref="ApiException">Too many wait (429).</exception>
    public async Task<IDisposable> Enter(CancellationToken cancellation)
    {
        TaskCompletionSource turn;
        LinkedListNode<TaskCompletionSource> node;
        lock (_lock)
        {
            if (_running < mostRunning)
            {
                _running++;
                return new Place(this);
            }
            if (_queue.Count >= mostWaiting)
            {
                throw new ApiException(429, $"{_queue.Count} requests wait already; try again later", "rate_limit_error", code: "queue_full")
                {
                    RetryAfter = (int)Math.Clamp(Math.Ceiling(_meanSeconds * (_queue.Count + 1) / mostRunning), 1, 600),
                };
            }
            turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            node = _queue.AddLast(turn);
        }
        await using (cancellation.UnsafeRegister(_ => Leave(node, cancellation), null).ConfigureAwait(false))
            await turn.Task.ConfigureAwait(false);
        return new Place(this);
    }

    // Whoever got a place in this very moment keeps it: the caller finds the cancellation itself.
    private void Leave(LinkedListNode<TaskCompletionSource> node, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (node.List is null) return;
            _queue.Remove(node);
        }
        node.Value.TrySetCanceled(cancellation);
    }

    private void Exit(TimeSpan took)
    {
        TaskCompletionSource? next = null;
        lock (_lock)
        {
            _meanSeconds += (took.TotalSeconds - _meanSeconds) / 8;
            if (_queue.First is { } first)
            {
                next = first.Value;
                _queue.RemoveFirst();
            }
            else
            {
                _running--;
            }
        }
        next?.TrySetResult();
    }

    private sealed class Place(RequestGate gate) : IDisposable
    {
        private readonly long _start = TimeProvider.System.GetTimestamp();
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) gate.Exit(TimeProvider.System.GetElapsedTime(_start));
        }
    }
}
