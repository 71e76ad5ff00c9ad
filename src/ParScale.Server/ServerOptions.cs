namespace ParScale.Server;

/// <summary>How models are served.</summary>
public sealed record ServerOptions
{
    /// <summary>Keys of which a request must bring one, as <c>Authorization: Bearer KEY</c>. Empty serves everybody.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>
    /// Names of the host that a request may address, besides <c>localhost</c> and loopback addresses. Empty, with no key set, refuses
    /// all others, so that a web page cannot reach a server on the reader's own machine by a name of its own; with a key all are accepted.
    /// Without a key, pages of other sites may not send requests, unless their host is one of these or the application runs CORS for them.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Requests that may run at the same time; the engine batches them.</summary>
    public int MaxRunning { get; init; } = 32;

    /// <summary>Requests that may wait beside them; one more is answered 429.</summary>
    public int MaxWaiting { get; init; } = 256;

    /// <summary>Time after which a request is ended, the wait included.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>Bytes that the body of a request may have.</summary>
    public long MaxBodyBytes { get; init; } = 4 << 20;

    /// <summary>Variables that a request may give to the chat template (<c>chat_template_kwargs</c>).</summary>
    public IReadOnlyList<string> TemplateVariables { get; init; } = ["enable_thinking", "thinking", "reasoning_effort", "custom_instructions"];

    /// <summary>Whether a browser that opens <c>/</c> gets the page. It holds no secret; what it asks of the server needs a key as ever.</summary>
    public bool Page { get; init; } = true;

    /// <summary>
    /// Time that a chat template may take for a request. Its steps bound the work; the time is only the last resort, since on a machine whose cores
    /// all compute a long conversation may take seconds.
    /// </summary>
    internal TimeSpan TemplateTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Checks every range.</summary>
    /// <exception cref="ParScaleException">A value is outside its range.</exception>
    public void Validate()
    {
        if (MaxRunning < 1) throw ParScaleException.Usage("SV-01", $"the number of running requests is {MaxRunning}; it must be at least 1");
        if (MaxWaiting < 0) throw ParScaleException.Usage("SV-01", $"the number of waiting requests is {MaxWaiting}; it must be 0 or more");
        if (RequestTimeout <= TimeSpan.Zero) throw ParScaleException.Usage("SV-01", "the time limit of a request must be above 0");
        if (MaxBodyBytes < 1) throw ParScaleException.Usage("SV-01", "the longest body must have at least 1 byte");
        if (ApiKeys.Any(string.IsNullOrWhiteSpace)) throw ParScaleException.Usage("SV-02", "an API key is empty");
    }
}
