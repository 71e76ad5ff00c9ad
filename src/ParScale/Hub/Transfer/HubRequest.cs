namespace ParScale.Hub.Transfer;

/// <summary>A question to the hub.</summary>
/// <param name="Method">GET or HEAD.</param>
/// <param name="Url">An address of the hub.</param>
/// <param name="Timeout">How long each host may take to answer.</param>
internal sealed record HubRequest(HttpMethod Method, Uri Url, TimeSpan Timeout)
{
    /// <summary>Whether to follow redirects to other hosts; without, such an answer is returned.</summary>
    public bool LeaveHub { get; init; }

    /// <summary>Adds headers, also to the requests that follow redirects.</summary>
    public Action<HttpRequestMessage>? Prepare { get; init; }

    /// <summary>Sees every answer of the hub itself that is no error, those that redirect included.</summary>
    public Action<HttpResponseMessage>? Inspect { get; init; }
}
