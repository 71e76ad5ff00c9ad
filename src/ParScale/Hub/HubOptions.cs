namespace ParScale.Hub;

/// <summary>
/// How models are fetched. What is null comes from the environment variables that Python's <c>huggingface_hub</c> reads, and means what it
/// means there.
/// </summary>
public sealed record HubOptions
{
    /// <summary>The folder of the cache; null takes <c>HF_HUB_CACHE</c>, else <c>HF_HOME/hub</c>, else <c>~/.cache/huggingface/hub</c>.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>The hub; null takes <c>HF_ENDPOINT</c>, else https://huggingface.co.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>
    /// The access token for gated and private models. It is sent to <see cref="Endpoint"/> alone. Null takes <c>HF_TOKEN</c>, else the file
    /// <c>HF_TOKEN_PATH</c>, else the file <c>HF_HOME/token</c>, unless <c>HF_HUB_DISABLE_IMPLICIT_TOKEN</c> is set.
    /// </summary>
    public string? Token { get; init; }

    /// <summary>Whether the network is off limits; null takes <c>HF_HUB_OFFLINE</c>, else <c>TRANSFORMERS_OFFLINE</c>.</summary>
    public bool? Offline { get; init; }

    /// <summary>How long to wait for the answer to a question; null takes <c>HF_HUB_ETAG_TIMEOUT</c>, else 10 s.</summary>
    public TimeSpan? AnswerTimeout { get; init; }

    /// <summary>How long a download may stand still; null takes <c>HF_HUB_DOWNLOAD_TIMEOUT</c>, else 30 s.</summary>
    public TimeSpan? DownloadTimeout { get; init; }

    /// <summary>Files that are fetched at the same time.</summary>
    public int Parallel { get; init; } = 4;

    internal HubEnvironment Environment { get; init; } = HubEnvironment.OfProcess;

    /// <summary>Waits between two tries; tests do not.</summary>
    internal Func<TimeSpan, CancellationToken, Task> Wait { get; init; } = Task.Delay;

    // A record prints its members; the token must not get into a log that way.
    /// <inheritdoc/>
    public override string ToString() => $"{nameof(HubOptions)} {{ Endpoint = {Endpoint}, CacheFolder = {CacheFolder}, Offline = {Offline} }}";
}
