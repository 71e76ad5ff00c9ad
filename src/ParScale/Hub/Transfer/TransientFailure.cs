namespace ParScale.Hub.Transfer;

/// <summary>A failure that may pass: worth another try.</summary>
/// <param name="error">What to report when it does not.</param>
/// <param name="retryAfter">How long the server asks us to wait; null when it does not say.</param>
internal sealed class TransientFailure(ParScaleException error, TimeSpan? retryAfter = null) : Exception(error.Message, error)
{
    public ParScaleException Error { get; } = error;

    public TimeSpan? RetryAfter { get; } = retryAfter;
}
