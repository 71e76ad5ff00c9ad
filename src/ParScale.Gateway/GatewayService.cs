using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;
using ParScale.Server;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using Yarp.ReverseProxy.Forwarder;

namespace ParScale.Gateway;

/// <summary>
/// One address for several servers of the same models. A request goes to one of them; while nothing was sent to the client, it goes to
/// another when that one fails or is full. Keys, hosts, limits and the shape of errors are those of a server.
/// </summary>
internal sealed class GatewayService : IAsyncDisposable
{
    private static readonly string[] GetOrHead = ["GET", "HEAD"];

    private readonly ServerOptions _options;
    private readonly IReadOnlyList<UpstreamServer> _servers;
    private readonly ServerChoice _choice;
    private readonly GatewayMetrics _metrics;
    private readonly ReadinessProbe _probe;
    private readonly HttpMessageInvoker _client;
    private readonly ForwarderRequestConfig _config;

    /// <summary>A gateway to servers.</summary>
    /// <param name="options">Keys, hosts and limits.</param>
    /// <param name="servers">The servers.</param>
    /// <param name="mostAhead">Requests that a server may have more than the least loaded, and still get those whose prompts begin as earlier ones.</param>
    public GatewayService(ServerOptions options, IReadOnlyList<UpstreamServer> servers, int mostAhead)
    {
        // The servers have queues, the gateway has none.
        _options = options with { MaxRunning = int.MaxValue };
        (_servers, _choice, _metrics) = (servers, new ServerChoice(servers, mostAhead), new GatewayMetrics(servers));
        // The time of a request ends it, not that of one try.
        _config = new ForwarderRequestConfig { ActivityTimeout = Timeout.InfiniteTimeSpan };
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
            ConnectTimeout = TimeSpan.FromSeconds(2),
            // As Kestrel reads headers: one that came in can be sent on.
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        });
        _probe = new ReadinessProbe(servers, _client);
        Front = new ParScaleService(_options);
        Front.State.Serve([]);
    }

    /// <summary>Who may ask, how many do, and how errors are told.</summary>
    public ParScaleService Front { get; }

    /// <summary>Servers that take requests.</summary>
    public int ReadyServers => _servers.Count(server => server.IsReady);

    /// <summary>Asks the servers whether they are ready, from now on.</summary>
    public Task Start() => _probe.Start();

    /// <summary>Maps <c>/health</c> and <c>/ready</c> of the gateway itself; everything else goes to a server.</summary>
    public void Map(IEndpointRouteBuilder routes, IHttpForwarder forwarder)
    {
        var own = new ApiRoutes(routes, Front, ErrorShape.OpenAi);
        own.Get("/health", scope => Health(scope, alive: true), isHealth: true);
        own.Get("/v1/health", scope => Health(scope, alive: true), isHealth: true);
        own.Get("/ready", scope => Health(scope, alive: false), isHealth: true);
        // The page is open at a server too; what it asks for brings the key.
        foreach (string path in (string[])["/", "/page/{**name}"])
            routes.MapMethods(path, GetOrHead, context => Front.Handle(context, scope => Forward(scope, forwarder), isOpen: true));
        routes.MapFallback("{**path}", context => Front.Handle(context, scope => Forward(scope, forwarder),
            errors: context.Request.Path.StartsWithSegments("/api") ? ErrorShape.Ollama : ErrorShape.OpenAi));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _probe.DisposeAsync().ConfigureAwait(false);
        _client.Dispose();
        _metrics.Dispose();
        Front.Dispose();
    }

    private Task Health(RequestScope scope, bool alive)
    {
        // Throws while the gateway is being stopped.
        if (!alive) _ = scope.State.Models;
        if (!alive && ReadyServers == 0) throw NoneReady();
        string state = scope.State.Name != "ready" ? scope.State.Name : ReadyServers == 0 ? "no server is ready" : "ok";
        return Answer.Json(scope.Context, new HealthResult(state, Front.Running, Front.Waiting), WireJson.Wire.HealthResult);
    }

    private async Task Forward(RequestScope scope, IHttpForwarder forwarder)
    {
        // Refuses when the gateway is being stopped.
        _ = scope.State.Models;
        using IDisposable place = await scope.Enter().ConfigureAwait(false);
        HttpContext context = scope.Context;
        ArraySegment<byte> body = await ReadBody(context).ConfigureAwait(false);
        ulong? prefix = body.Count == 0 ? null : PromptPrefix.Of(body, context.Request.Headers.Authorization.ToString());
        var tried = new List<UpstreamServer>();
        while (_choice.Next(prefix, tried) is { } server)
        {
            if (tried.Count > 0) _metrics.SawRetry();
            tried.Add(server);
            if (await Try(scope, forwarder, server, body, () => _choice.Next(prefix, tried) is not null).ConfigureAwait(false)) return;
        }
        throw tried.Count == 0 ? NoneReady()
            : ApiException.Unavailable("no server answered; try again", 1);
    }

    // False when another server may be tried: nothing was sent.
    private async Task<bool> Try(RequestScope scope, IHttpForwarder forwarder, UpstreamServer server, ArraySegment<byte> body, Func<bool> hasOther)
    {
        HttpContext context = scope.Context;
        var attempt = new ForwardAttempt(server, hasOther, scope);
        StringValues id = context.Response.Headers[ForwardAttempt.RequestId];
        using IDisposable place = server.Take();
        if (body.Count > 0) context.Request.Body = new MemoryStream(body.Array!, body.Offset, body.Count, writable: false);
        ForwarderError error = await forwarder.SendAsync(context, server.Address.AbsoluteUri, _client, _config, attempt, scope.Cancellation).ConfigureAwait(false);
        bool isStarted = context.Response.HasStarted, failed = error != ForwarderError.None || attempt.WasCut;
        bool isAborted = context.RequestAborted.IsCancellationRequested;
        if (attempt.WasStopped || (failed && (isAborted || scope.Cancellation.IsCancellationRequested)))
        {
            // That says nothing of the server.
            if (isStarted && !isAborted) _metrics.SawAttempt(server, "cut");
            throw new OperationCanceledException();
        }
        bool isLost = attempt.WasCut || IsLoss(error, context.Features.Get<IForwarderErrorFeature>()?.Exception);
        if (isLost) server.IsReady = false;
        _metrics.SawAttempt(server, attempt.WasTurnedAway ? "turned_away" : !failed ? "answered" : isStarted ? "cut" : "failed");
        if (isStarted || !(failed || attempt.WasTurnedAway)) return true;
        context.Response.Clear();
        context.Response.Headers[ForwardAttempt.RequestId] = id;
        return failed && !isLost ? throw NotPassedOn(error) : false;
    }

    // Whether the server or the way to it failed. Anything else would fail at every server.
    private static bool IsLoss(ForwarderError error, Exception? cause) => error switch
    {
        ForwarderError.Request => cause is HttpRequestException e && (e.HttpRequestError != HttpRequestError.Unknown || e.InnerException is IOException),
        ForwarderError.RequestTimedOut or ForwarderError.RequestBodyDestination or ForwarderError.ResponseBodyDestination => true,
        _ => false,
    };

    private static ApiException NotPassedOn(ForwarderError error) => error is ForwarderError.Request or ForwarderError.RequestCreation or ForwarderError.RequestBodyClient
        ? new(StatusCodes.Status400BadRequest, "the request cannot be passed on to a server; check its path and headers", "invalid_request_error")
        : new(StatusCodes.Status502BadGateway, "the answer of the server cannot be passed on", "server_error");

    // Held as a whole, since it may have to be sent more than once.
    private async Task<ArraySegment<byte>> ReadBody(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }) return [];
        if (context.Request.ContentLength > _options.MaxBodyBytes) throw TooLong();
        var body = new MemoryStream();
        var buffer = new byte[16 << 10];
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted).ConfigureAwait(false)) > 0)
        {
            if (body.Length + read > _options.MaxBodyBytes) throw TooLong();
            body.Write(buffer, 0, read);
        }
        return new ArraySegment<byte>(body.GetBuffer(), 0, (int)body.Length);
    }

    private ApiException NoneReady() => ApiException.Unavailable($"none of the {_servers.Count} servers is ready", 2);

    private ApiException TooLong() =>
        new(StatusCodes.Status413PayloadTooLarge, $"the body is longer than {_options.MaxBodyBytes} bytes", "invalid_request_error");
}
