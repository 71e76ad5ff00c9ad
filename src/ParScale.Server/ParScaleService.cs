using Microsoft.AspNetCore.Http;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using ParScale.Server.Observation;

namespace ParScale.Server;

/// <summary>
/// Serves loaded models over HTTP. Make one, map it with <see cref="ParScaleEndpoints.MapParScale"/>, and give it models when they are
/// loaded: until then requests are answered 503.
/// </summary>
public sealed class ParScaleService : IDisposable
{
    /// <summary>
    /// The name of the meter and of the source of traces, for OpenTelemetry: <c>AddMeter(ParScaleService.TelemetryName)</c> and
    /// <c>AddSource(ParScaleService.TelemetryName)</c>.
    /// </summary>
    public const string TelemetryName = "ParScale.Server";

    private static readonly TimeSpan LongestTelling = TimeSpan.FromSeconds(2);

    private readonly ServerOptions _options;
    private readonly ApiKeys _keys;
    private readonly RequestGate _gate;
    private readonly ServerMetrics _metrics;
    private readonly CancellationTokenSource _cut = new();

    // Requests from their arrival to their end: those that are read and have no place yet are not lost in a drain either.
    private int _underWay;

    /// <summary>A service without models.</summary>
    /// <exception cref="ParScaleException">An option is out of range.</exception>
    public ParScaleService(ServerOptions? options = null)
    {
        _options = options ?? new ServerOptions();
        _options.Validate();
        _keys = new ApiKeys(_options.ApiKeys);
        _gate = new RequestGate(_options.MaxRunning, _options.MaxWaiting);
        _metrics = new ServerMetrics(State, _gate);
    }

    /// <summary>Requests that run now.</summary>
    public int Running => _gate.Running;

    /// <summary>Requests that wait now.</summary>
    public int Waiting => _gate.Waiting;

    internal ServerState State { get; } = new();

    /// <summary>Whether an instrument is one of this service: others in the process have the same names.</summary>
    internal bool Measures(System.Diagnostics.Metrics.Instrument instrument) => _metrics.Has(instrument);

    /// <summary>Takes requests from now on. The models stay the caller's, who disposes of them after the last request.</summary>
    /// <param name="models">Models by the names that clients call them; the first is the one that requests without a name get.</param>
    public void Serve(params IReadOnlyList<(string Name, LanguageModel Model)> models)
    {
        ArgumentNullException.ThrowIfNull(models);
        if (models.Count == 0) throw ParScaleException.Usage("SV-01", "there is no model to serve");
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        State.Serve([.. models.Select(one => new ServedModel(one.Name, one.Model, now, _metrics))]);
    }

    /// <summary>Takes no further requests, and waits until those that have arrived have ended or the time is over.</summary>
    /// <returns>Whether all have ended.</returns>
    public async Task<bool> DrainAsync(TimeSpan window, CancellationToken cancellationToken = default)
    {
        State.Drain();
        long start = TimeProvider.System.GetTimestamp();
        while (Volatile.Read(ref _underWay) > 0)
        {
            if (TimeProvider.System.GetElapsedTime(start) >= window) return false;
            await Task.Delay(20, cancellationToken).ConfigureAwait(false);
        }
        return true;
    }

    /// <summary>Ends all requests, each with an error that says so, and waits a moment until their clients have been told.</summary>
    internal async Task CutAsync()
    {
        await _cut.CancelAsync().ConfigureAwait(false);
        await DrainAsync(LongestTelling).ConfigureAwait(false);
    }

    /// <summary>Ends what it measures. Requests must have ended.</summary>
    public void Dispose()
    {
        _metrics.Dispose();
        _cut.Dispose();
    }

    /// <summary>Answers one request: checks who asks, runs it, and tells what fails in the API's shape; OpenAI's if none is given.</summary>
    internal async Task Handle(HttpContext context, Func<RequestScope, Task> run, bool isOpen = false, ErrorShape? errors = null, bool anyAddress = false)
    {
        Interlocked.Increment(ref _underWay);
        using var limit = new CancellationTokenSource(_options.RequestTimeout);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, limit.Token, _cut.Token);
        RequestScope? scope = null;
        try
        {
            context.Response.Headers["x-request-id"] = Guid.NewGuid().ToString("N");
            HostCheck.Require(context.Request, _options, anyAddress);
            if (!isOpen) OriginCheck.Require(context, _options);
            string owner = isOpen ? "" : _keys.Require(context.Request);
            scope = new RequestScope(context, State, _options, _gate, owner, ended.Token);
            await run(scope).ConfigureAwait(false);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
            _ = e;
        }
        catch (Exception e)
        {
            if (e is ParScaleException { IsDeviceLost: true } lost) State.Lose(lost.Message);
            ApiException told = Describe(e, limit.IsCancellationRequested, _cut.IsCancellationRequested);
            _metrics.SawError(told.Status);
            await Tell(context, scope, told, errors ?? ErrorShape.OpenAi).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private static ApiException Describe(Exception e, bool late, bool cut) => e switch
    {
        ApiException known => known,
        OperationCanceledException when cut => ApiException.Unavailable("the server is being stopped", 5),
        ParScaleException known => ApiException.From(known),
        OperationCanceledException when late => new ApiException(StatusCodes.Status408RequestTimeout, "the request took longer than it may", "timeout_error", code: "request_timeout") { IsFinal = true },
        BadHttpRequestException bad => new ApiException(bad.StatusCode, bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? "the body is too long" : "the request is malformed or came too slowly", "invalid_request_error"),
        ObjectDisposedException => ApiException.Unavailable("the server is being stopped", 5),
        _ => new ApiException(StatusCodes.Status500InternalServerError, "the server failed", "server_error"),
    };

    private static async Task Tell(HttpContext context, RequestScope? scope, ApiException e, ErrorShape errors)
    {
        if (scope?.WhenCut is { } tell && (scope.HasBegun || context.Response.HasStarted)) await tell(e).ConfigureAwait(false);
        else if (scope is { HasBegun: true }) await errors.End(scope, e).ConfigureAwait(false);
        else if (!context.Response.HasStarted) await Answer.Error(context, e, errors).ConfigureAwait(false);
        else context.Abort();
    }
}
