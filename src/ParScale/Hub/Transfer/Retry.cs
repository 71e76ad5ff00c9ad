namespace ParScale.Hub.Transfer;

/// <summary>Tries again after failures that may pass: a bounded number of times, waiting longer each time, or as long as the server asks.</summary>
/// <param name="wait">Waits.</param>
internal sealed class Retry(Func<TimeSpan, CancellationToken, Task> wait)
{
    public const int Tries = 5;

    // Bytes that make a try worth another five: a slow network must not stop a long download, nor a server that sends a byte each time go on for ever.
    private const long EnoughBytes = 1 << 20;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(2);

    /// <summary>Runs <paramref name="attempt"/> until it succeeds.</summary>
    /// <param name="attempt">One try.</param>
    /// <param name="received">How far the best try came, bytes: what comes a second time is no progress.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="ParScaleException">The error of the last try.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> attempt, Func<long> received, CancellationToken cancellation)
    {
        long before = received();
        for (int failures = 1; ; failures++)
        {
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch (TransientFailure failure)
            {
                if (received() - before >= EnoughBytes) (failures, before) = (1, received());
                if (failures >= Tries || failure.RetryAfter > LongestDelay) throw Final(failure, failures);
                TimeSpan delay = FirstDelay * (1 << (failures - 1)) * (1 + Random.Shared.NextDouble() / 4);
                await wait(failure.RetryAfter > delay ? failure.RetryAfter.Value : delay, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc cref="RunAsync{T}(Func{Task{T}}, Func{long}, CancellationToken)"/>
    public Task<T> RunAsync<T>(Func<Task<T>> attempt, CancellationToken cancellation) => RunAsync(attempt, () => 0, cancellation);

    private static ParScaleException Final(TransientFailure failure, int failures)
    {
        ParScaleException error = failure.Error;
        string advice = failure.RetryAfter > LongestDelay
            ? $"; it asks to wait {failure.RetryAfter.Value.TotalSeconds:F0} s"
            : $" ({failures} tries); try again later, what came is kept";
        return new ParScaleException(error.Kind, error.Code, error.Message + advice, error);
    }
}
