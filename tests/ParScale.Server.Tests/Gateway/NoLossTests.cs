using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using ParScale.Server.Tests.Http;
using ParScale.Server.Tests.Observation;

namespace ParScale.Server.Tests.Gateway;

/// <summary>What goes wrong at a gateway without being a failure of a server: every server stays in use.</summary>
public sealed class NoLossTests
{
    [Fact]
    public async Task A_header_in_any_script_goes_through()
    {
        await using FakeServer one = await FakeServer.Start(FakeServer.Says(200, "{}")), two = await FakeServer.Start(FakeServer.Says(200, "{}"));
        await using TestGateway gateway = await TestGateway.Start(one.Address, two.Address);
        RawAnswer answer = await RawHttp.Send(gateway.Address, [RawHttp.Request("GET", "/v1/models", [], more: "X-Name: José ☃\r\n")]);
        Assert.Equal(200, answer.Status);
        Assert.Equal("José ☃", (one.Headers ?? two.Headers)!["X-Name"]);
        Assert.Equal(2, gateway.Service.ReadyServers);
    }

    [Fact]
    public async Task An_answer_that_cannot_be_passed_on_is_no_loss_of_its_server()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task answering = AnswerAll(listener, "HTTP/1.1 200 OK\r\nX-Name: Jos\u00e9\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", over.Token);
        await using FakeServer other = await FakeServer.Start(FakeServer.Says(200, "{}"));
        await using (TestGateway gateway = await TestGateway.Start($"http://{listener.LocalEndpoint}", other.Address))
        {
            other.IsReady = false;
            await Eventually.Is(() => gateway.Service.ReadyServers == 1, "the other server is still ready");
            other.IsReady = true;
            HttpResponseMessage answer = await gateway.Post("/v1/completions", "{}");
            int ready = gateway.Service.ReadyServers;
            Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
            Assert.Contains("\"type\":\"server_error\"", await TestGateway.Text(answer), StringComparison.Ordinal);
            Assert.True(ready >= 1);
            Assert.Empty(other.Bodies);
        }
        await over.CancelAsync();
        await answering;
    }

    [Theory]
    [InlineData("/v1/completions", "text/event-stream", "data: {\"a\": 1}\n\n", "408",
        "data: {\"error\":{\"message\":\"the request took longer than it may\",\"type\":\"timeout_error\",\"param\":null,\"code\":\"request_timeout\"}}\n\n")]
    [InlineData("/api/generate", "application/x-ndjson", "{\"a\": 1}\n", "503", "{\"error\":\"the server is being stopped\"}\n")]
    public async Task A_stream_that_the_gateway_ends_says_why(string path, string type, string first, string status, string last)
    {
        await using FakeServer endless = await FakeServer.Start(async context =>
        {
            context.Response.ContentType = type;
            await context.Response.WriteAsync(first + "{\"half");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        bool isLate = status == "408";
        await using TestGateway gateway = await TestGateway.Start(new ServerOptions { RequestTimeout = TimeSpan.FromSeconds(isLate ? 3 : 600) }, endless.Address);
        using var seen = new Seen(gateway.Service.Front);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("{}", null, "application/json") };
        // Answered when the first event is through.
        HttpResponseMessage answer = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        if (!isLate) await gateway.Service.Front.CutAsync();
        Assert.Equal(first + last, await TestGateway.Text(answer));
        Assert.Equal(1, seen.Sum("parscale.request_errors", status));
        Assert.Equal(1, seen.Sum("parscale.request_errors"));
        Assert.Equal(1, gateway.Service.ReadyServers);
    }

    // Answers everything with the same bytes, on connections that stay open until the other side closes them.
    private static async Task AnswerAll(TcpListener listener, string answer, CancellationToken cancellation)
    {
        try
        {
            using TcpClient client = await listener.AcceptTcpClientAsync(cancellation);
            Task others = AnswerAll(listener, answer, cancellation);
            var buffer = new byte[1 << 12];
            await client.GetStream().ReadAtLeastAsync(buffer, 1, throwOnEndOfStream: false, cancellation);
            await client.GetStream().WriteAsync(System.Text.Encoding.Latin1.GetBytes(answer), cancellation);
            await others;
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
