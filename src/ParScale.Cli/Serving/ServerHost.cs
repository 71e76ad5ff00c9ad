using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ParScale.Cli.Terminals;
using ParScale.Server;

namespace ParScale.Cli.Serving;

/// <summary>Kestrel with the endpoints of a server or a gateway, within the limits that the guide states.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private const int MostConnections = 512;

    private readonly WebApplication _app;
    private readonly ParScaleService _service;

    private ServerHost(WebApplication app, ParScaleService service)
    {
        (_app, _service) = (app, service);
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/");
    }

    /// <summary>Where the server listens, with the port it really has.</summary>
    public Uri Address { get; }

    /// <summary>Starts to listen; a service without a model answers requests with 503 until it has one.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="options">The limits of the service.</param>
    /// <param name="service">Who may ask, and whose requests are waited for at the end.</param>
    /// <param name="map">Maps what is served, beside the metrics.</param>
    /// <param name="telemetry">Names of the meters and sources of traces that are shown.</param>
    /// <param name="add">Adds what the endpoints need.</param>
    /// <exception cref="ParScaleException">The port is in use, or may not be listened on (CL-04).</exception>
    public static async Task<ServerHost> Start(
        IPEndPoint endpoint, ServerOptions options, ParScaleService service, Action<IEndpointRouteBuilder> map, IReadOnlyList<string> telemetry, Action<IServiceCollection>? add = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        // Prompts are nobody's business: nothing is logged unless a fault is ours.
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Listen(endpoint);
        });
        builder.Services.AddRoutingCore();
        Telemetry.Add(builder, telemetry);
        add?.Invoke(builder.Services);
        WebApplication app = builder.Build();
        app.UseRouting();
        Telemetry.Map(app, service);
        map(app);
        try
        {
            await app.StartAsync().ConfigureAwait(false);
            return new ServerHost(app, service);
        }
        catch (IOException e)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new ParScaleException(ErrorKind.Io, "CL-04", $"{endpoint.Address} port {endpoint.Port} cannot be listened on: {e.InnerException?.Message ?? e.Message}; choose another with --port", e);
        }
    }

    /// <summary>Serves until the process is told to stop; running requests then get <paramref name="window"/> to end.</summary>
    /// <returns>The exit code: 0.</returns>
    public async Task<int> RunUntilStopped(TimeSpan window, Terminal terminal)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var now = new CancellationTokenSource();
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            if (!stop.TrySetResult()) now.Cancel();
        }
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal), terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        await using (terminal.Cancellation.UnsafeRegister(_ => stop.TrySetResult(), null).ConfigureAwait(false)) await stop.Task.ConfigureAwait(false);
        if (_service.Running > 0) terminal.Note($"{_service.Running} requests have up to {window.TotalSeconds:F0} s to end; Ctrl+C ends them now");
        try
        {
            if (!await _service.DrainAsync(window, now.Token).ConfigureAwait(false)) await Cut(terminal).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await Cut(terminal).ConfigureAwait(false);
        }
        using var cut = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(cut.Token).ConfigureAwait(false);
        return 0;
    }

    private Task Cut(Terminal terminal)
    {
        terminal.Note($"{_service.Running} requests were cut");
        return _service.CutAsync();
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
