using System.Net;

namespace ParScale.Hub.Transfer;

/// <summary>What an answer that is not the expected one means, and what to do about it.</summary>
internal static class HubAnswer
{
    /// <summary>What was asked for, so that the message can tell a repository, a revision and a file apart.</summary>
    /// <param name="Name">The model.</param>
    /// <param name="File">The file; null when the model itself was asked for.</param>
    internal readonly record struct Subject(ModelName Name, string? File = null);

    /// <summary>Returns for a success.</summary>
    /// <exception cref="TransientFailure">The server is busy or broken (HB-03).</exception>
    /// <exception cref="ParScaleException">The server refuses (HB-01, HB-02).</exception>
    public static void Require(HttpResponseMessage response, Subject subject, HubConnection hub)
    {
        if (response.IsSuccessStatusCode) return;
        string host = HubConnection.HostOf(response);
        int status = (int)response.StatusCode;
        string what = subject.File is null ? subject.Name.Id : $"{subject.Name.Id}: {ParScaleException.Quote(subject.File)}";
        if (status is 408 or 429 or >= 500)
        {
            string reason = status == 429 ? "too many requests" : "a fault of the server";
            throw new TransientFailure(Network("HB-03", $"{what}: {host} answers {status} ({reason})"), RetryAfter(response));
        }
        if (!hub.IsFromHub(response)) throw new TransientFailure(Network("HB-03", $"{what}: the file server {host} answers {status}"));
        throw Refusal(response, subject, hub, what);
    }

    private static ParScaleException Refusal(HttpResponseMessage response, Subject subject, HubConnection hub, string what)
    {
        (string id, string host) = (subject.Name.Id, hub.Endpoint.Host);
        string page = $"{hub.Endpoint}{id}";
        string token = hub.HasToken ? "the access token given does not allow it" : "set HF_TOKEN to an access token of an account that may read it";
        return (response.StatusCode, ErrorCode(response)) switch
        {
            (_, "GatedRepo") => Network("HB-01", $"{id} is gated: log in and ask for access at {page}; then {(hub.HasToken ? token : "set HF_TOKEN to your access token")}"),
            (_, "RevisionNotFound") => Network("HB-02", $"{id} has no revision {ParScaleException.Quote(subject.Name.Revision)}; see {page}/branches"),
            (_, "EntryNotFound") => Network("HB-02", $"{what} is not in the repository at {ParScaleException.Quote(subject.Name.Revision)}"),
            (_, "DisabledRepo") => Network("HB-01", $"{id} is disabled by {host}"),
            (_, "RepoNotFound") or (HttpStatusCode.NotFound or HttpStatusCode.Gone, _) =>
                Network("HB-02", $"{host} has no model {ParScaleException.Quote(id)}, or it is private: check the name{(hub.HasToken ? "; the access token given does not show it" : "; for a private model set HF_TOKEN")}"),
            (HttpStatusCode.Unauthorized, _) => Network("HB-01", hub.HasToken
                ? $"{what}: {host} does not accept the access token (HF_TOKEN or the token file); make a new one"
                : $"{what}: {host} shows it to known users only, if it is there; {token}"),
            (HttpStatusCode.Forbidden, _) => Network("HB-01", $"{what} is gated or private: see {page}; {token}"),
            _ => Network("HB-03", $"{what}: {host} answers {(int)response.StatusCode}; check HF_ENDPOINT"),
        };
    }

    /// <summary>What the hub calls the failure; null for servers that do not say.</summary>
    public static string? ErrorCode(HttpResponseMessage response) => Header(response, "X-Error-Code");

    /// <summary>The value of a header, or null.</summary>
    public static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    public static ParScaleException Network(string code, string message) => new(ErrorKind.Network, code, message);

    // A date is taken by the server's own clock; ours may be wrong.
    private static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delay } => delay,
        { Date: { } date } when date - (response.Headers.Date ?? DateTimeOffset.UtcNow) is { Ticks: > 0 } delay => delay,
        _ => null,
    };
}
