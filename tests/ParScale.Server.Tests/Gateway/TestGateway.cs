using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ParScale.Gateway;
using Yarp.ReverseProxy.Forwarder;

namespace ParScale.Server.Tests.Gateway;

/// <summary>A gateway on loopback, at a port of its own.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestGateway(WebApplication app, GatewayService service)
    {
        (_app, Service) = (app, service);
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = new HttpClient { BaseAddress = Address };
    }

    public GatewayService Service { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public static Task<TestGateway> Start(params string[] servers) => Start(new ServerOptions(), servers);

    public static async Task<TestGateway> Start(ServerOptions options, params string[] servers)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddHttpForwarder();
        WebApplication app = builder.Build();
        var service = new GatewayService(options, UpstreamServer.Read(servers), mostAhead: 4);
        service.Map(app, app.Services.GetRequiredService<IHttpForwarder>());
        await app.StartAsync();
        await service.Start();
        return new TestGateway(app, service);
    }

    public async Task<HttpResponseMessage> Post(string path, string json, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json") };
        if (key is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public static async Task<string> Text(HttpResponseMessage answer)
    {
        using (answer) return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        await Service.DisposeAsync();
    }
}
