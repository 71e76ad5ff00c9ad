using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ParScale.Server.Tests.Gateway;

/// <summary>A server behind a gateway that answers as a test tells it to.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeServer(WebApplication app) =>
        (_app, Address) = (app, app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public string Address { get; }

    /// <summary>Whether /ready says so.</summary>
    public bool IsReady { get; set; } = true;

    /// <summary>Bodies of the requests that came, /ready aside.</summary>
    public ConcurrentQueue<string> Bodies { get; } = [];

    /// <summary>Headers of the last of them.</summary>
    public Dictionary<string, string>? Headers { get; private set; }

    public static async Task<FakeServer> Start(RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        FakeServer? server = null;
        app.Run(async context =>
        {
            if (context.Request.Path == "/ready")
            {
                context.Response.StatusCode = server is { IsReady: false } ? 503 : 200;
                return;
            }
            server!.Headers = context.Request.Headers.ToDictionary(header => header.Key, header => $"{header.Value}");
            server.Bodies.Enqueue(await new StreamReader(context.Request.Body).ReadToEndAsync());
            await answer(context);
        });
        await app.StartAsync();
        return server = new FakeServer(app);
    }

    /// <summary>Answers with a status and a body.</summary>
    public static RequestDelegate Says(int status, string body) => async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
    };

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
