using System.Net;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ParScale.Cli.Terminals;
using ParScale.Server;

namespace ParScale.Cli.Serving;

/// <summary>Kestrel with the endpoints of a <see cref="ParScaleService"/>, within the limits that the guide states.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private const int MostConnections = 512;

    private readonly WebApplication _app;

    private ServerHost(WebApplication app, ParScaleService service)
    {
        (_app, Service) = (app, service);
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/");
    }

    public ParScaleService Service { get; }

    /// <summary>Where the server listens, with the port it really has.</summary>
    public Uri Address { get; }

    /// <summary>Starts to listen; requests are answered 503 until the service has a model.</summary>
    /// <exception cref="ParScaleException">The port is in use, or may not be listened on (CL-04).</exception>
    public static async Task<ServerHost> Start(IPAddress address, int port, ServerOptions options)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        // Prompts are nobody's business: nothing is logged unless a fault is ours.
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Listen(address, port);
        });
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        var service = new ParScaleService(options);
        app.UseRouting();
        app.MapParScale(service);
        app.MapNothingElse(service);
        try
        {
            await app.StartAsync().ConfigureAwait(false);
            return new ServerHost(app, service);
        }
        catch (IOException e)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new ParScaleException(ErrorKind.Io, "CL-04", $"{address} port {port} cannot be listened on: {e.InnerException?.Message ?? e.Message}; choose another with --port", e);
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
        if (Service.Running > 0) terminal.Note($"{Service.Running} requests have up to {window.TotalSeconds:F0} s to end; Ctrl+C ends them now");
        try
        {
            if (!await Service.DrainAsync(window, now.Token).ConfigureAwait(false)) terminal.Note($"{Service.Running} requests were cut");
        }
        catch (OperationCanceledException)
        {
            terminal.Note($"{Service.Running} requests were cut");
        }
        using var cut = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(cut.Token).ConfigureAwait(false);
        return 0;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
