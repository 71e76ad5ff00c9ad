using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;

namespace ParScale.Hub.Transfer;

/// <summary>
/// Requests to a hub and to the hosts it redirects to. The token goes to the hub alone: never to another host, and never again once a
/// redirect has left the hub. No message holds it, nor the signed addresses of files.
/// </summary>
internal sealed class HubConnection : IDisposable
{
    private readonly HttpClient _http;
    private readonly RedirectPolicy _redirects;
    private readonly string? _token;

    public HubConnection(Uri endpoint, string? token, TimeSpan connectTimeout)
    {
        Endpoint = endpoint;
        _token = token;
        _redirects = new RedirectPolicy(endpoint);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = connectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // What a server sends beyond the end of a file is not worth reading.
            MaxResponseDrainSize = 0,
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("parscale", typeof(HubConnection).Assembly.GetName().Version?.ToString(3)));
        // Ranges, lengths and ETags are those of the file itself only without compression.
        _http.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
    }

    public Uri Endpoint { get; }

    public bool HasToken => _token is not null;

    /// <summary>Whether an answer is that of the hub and not of a host it redirected to.</summary>
    public bool IsFromHub(HttpResponseMessage response) => response.RequestMessage?.RequestUri is { } url && _redirects.IsHub(url);

    /// <summary>The answer to a request, its body not read yet; redirects within the hub are followed, as renamed repositories make them.</summary>
    /// <param name="request">What to ask for.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="TransientFailure">A host does not answer (HB-15).</exception>
    /// <exception cref="ParScaleException">A redirect is refused (HB-12), or a host is not who it says (HB-17).</exception>
    public async Task<HttpResponseMessage> SendAsync(HubRequest request, CancellationToken cancellation)
    {
        Uri url = request.Url;
        bool left = false;
        for (int redirects = 0; ; redirects++)
        {
            using var message = new HttpRequestMessage(request.Method, url);
            request.Prepare?.Invoke(message);
            left |= !_redirects.IsHub(url);
            if (!left && _token is not null) message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
            HttpResponseMessage response = await AnswerAsync(message, request.Timeout, cancellation).ConfigureAwait(false);
            try
            {
                if (!left && ((int)response.StatusCode < 400)) request.Inspect?.Invoke(response);
                if (!IsRedirect(response.StatusCode)) return response;
                Uri target = _redirects.Follow(url, response.Headers.Location);
                if (!request.LeaveHub && !RedirectPolicy.IsSameOrigin(url, target)) return response;
                RedirectPolicy.RequireFew(redirects, url);
                url = target;
            }
            catch
            {
                response.Dispose();
                throw;
            }
            response.Dispose();
        }
    }

    /// <summary>The body of an answer as the file is, whatever the transfer compressed it with.</summary>
    /// <exception cref="ParScaleException">It is compressed in a way that was not asked for and is not known (HB-13).</exception>
    public static async Task<Stream> OpenAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        Stream body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        return string.Join(',', response.Content.Headers.ContentEncoding).ToUpperInvariant() switch
        {
            "" or "IDENTITY" => body,
            "GZIP" => new GZipStream(body, CompressionMode.Decompress),
            "DEFLATE" => new ZLibStream(body, CompressionMode.Decompress),
            "BR" => new BrotliStream(body, CompressionMode.Decompress),
            string other => throw new ParScaleException(ErrorKind.Network, "HB-13", $"{HostOf(response)} compresses its answer as {ParScaleException.Quote(other)}, which was not asked for; check the proxy"),
        };
    }

    public static string HostOf(HttpResponseMessage response) => response.RequestMessage?.RequestUri?.Host ?? "the hub";

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, TimeSpan timeout, CancellationToken cancellation)
    {
        string host = request.RequestUri!.Host;
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(timeout);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timer.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TransientFailure(new ParScaleException(ErrorKind.Network, "HB-15", $"{host} does not answer"));
        }
        catch (HttpRequestException e) when (e.InnerException is AuthenticationException || e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw new ParScaleException(ErrorKind.Network, "HB-17",
                $"{host} does not prove that it is {host} (TLS): {e.InnerException?.Message ?? e.Message}; check the clock, the proxy and HF_ENDPOINT", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new TransientFailure(new ParScaleException(ErrorKind.Network, "HB-15", $"{host} cannot be reached: {Reason(e)}", e));
        }
    }

    // Not the exception's own text: that may hold the address of a proxy with its password.
    private static string Reason(Exception problem) => (problem as HttpRequestException)?.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "its name is not known; is there a network?",
        HttpRequestError.ConnectionError => "it accepts no connection",
        HttpRequestError.ProxyTunnelError => "the proxy refuses",
        HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError => "it does not speak HTTP",
        _ => "the connection broke",
    };

    private static bool IsRedirect(HttpStatusCode status) => (int)status is 301 or 302 or 303 or 307 or 308;
}
