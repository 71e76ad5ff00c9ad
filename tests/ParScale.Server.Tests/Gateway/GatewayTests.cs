using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace ParScale.Server.Tests.Gateway;

public sealed class GatewayTests(ChatModel model)
{
    private const string Chat = """{"messages": [{"role": "user", "content": "hello"}], "max_tokens": 20, "temperature": 1, "seed": 5, "streams": 4, "ignore_eos": true}""";

    [Fact]
    public async Task Answers_and_streams_are_those_of_a_server()
    {
        await using TestServer one = await TestServer.Start(model.Model), two = await TestServer.Start(model.Model);
        await using TestGateway gateway = await TestGateway.Start($"{one.Address}", $"{two.Address}");
        string direct = (await one.Ask("/v1/chat/completions", Chat)).GetProperty("choices").GetRawText();
        HttpResponseMessage answer = await gateway.Post("/v1/chat/completions", Chat);
        Assert.Single(answer.Headers.GetValues("x-request-id"));
        Assert.Contains(direct, await TestGateway.Text(answer), StringComparison.Ordinal);
        string events = await TestGateway.Text(await gateway.Post("/v1/chat/completions", Chat[..^1] + """, "stream": true}"""));
        Assert.EndsWith("data: [DONE]\n\n", events, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await gateway.Post("/v1/chat/completions", "{}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await gateway.Client.GetAsync(new Uri("/v1/models/none", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task A_server_that_is_gone_is_left_out()
    {
        string gone = $"http://127.0.0.1:{FreePort()}";
        await using FakeServer there = await FakeServer.Start(FakeServer.Says(200, "{}"));
        await using TestGateway gateway = await TestGateway.Start(gone, there.Address);
        Assert.Equal(1, gateway.Service.ReadyServers);
        foreach (int i in Enumerable.Range(0, 20)) Assert.Equal(HttpStatusCode.OK, (await gateway.Post("/v1/completions", $$"""{"prompt": "{{i}}"}""")).StatusCode);
        Assert.Equal(20, there.Bodies.Count);
    }

    [Fact]
    public async Task What_breaks_off_before_the_first_byte_goes_to_another_server()
    {
        await using FakeServer breaking = await FakeServer.Start(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        await using FakeServer good = await FakeServer.Start(FakeServer.Says(200, """{"from": "good"}"""));
        await using TestGateway gateway = await TestGateway.Start(breaking.Address, good.Address);
        foreach (int i in Enumerable.Range(0, 20))
            Assert.Equal("""{"from": "good"}""", await TestGateway.Text(await gateway.Post("/v1/completions", $$"""{"prompt": "{{i}}"}""")));
        Assert.Equal(20, good.Bodies.Count);
        Assert.NotEmpty(breaking.Bodies);
        Assert.All(breaking.Bodies, body => Assert.Contains(body, good.Bodies));
    }

    [Fact]
    public async Task A_body_whose_names_are_no_text_goes_to_a_server_that_says_so()
    {
        await using FakeServer server = await FakeServer.Start(FakeServer.Says(400, "{}"));
        await using TestGateway gateway = await TestGateway.Start(server.Address);
        using HttpResponseMessage answer = await gateway.Post("/v1/completions", """{"\ud800": 1}""");
        Assert.Equal(400, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("/v1/completions", "text/event-stream", "data: {\"a\": 1}\n\n",
        "data: {\"error\":{\"message\":\"the server that answered was lost; send the request again\",\"type\":\"unavailable_error\",\"param\":null,\"code\":null}}\n\n")]
    [InlineData("/api/generate", "application/x-ndjson", "{\"a\": 1}\n", "{\"error\":\"the server that answered was lost; send the request again\"}\n")]
    public async Task A_stream_that_breaks_off_ends_with_an_error_of_its_kind(string path, string type, string first, string last)
    {
        await using FakeServer breaking = await FakeServer.Start(async context =>
        {
            context.Response.ContentType = type;
            await context.Response.WriteAsync(first + "{\"half");
            await context.Response.Body.FlushAsync();
            await Task.Delay(50);
            context.Abort();
        });
        await using FakeServer other = await FakeServer.Start(FakeServer.Says(200, "{}"));
        await using TestGateway gateway = await TestGateway.Start(breaking.Address, other.Address);
        other.IsReady = false;
        while (gateway.Service.ReadyServers > 1) await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(first + last, await TestGateway.Text(await gateway.Post(path, """{"model": "m", "prompt": "x", "stream": true}""")));
        Assert.Empty(other.Bodies);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Who_is_turned_away_is_sent_to_another_server(int status)
    {
        await using FakeServer full = await FakeServer.Start(FakeServer.Says(status, """{"error": "full"}""")), free = await FakeServer.Start(FakeServer.Says(200, "{}"));
        await using TestGateway gateway = await TestGateway.Start(full.Address, free.Address);
        foreach (int i in Enumerable.Range(0, 10)) Assert.Equal(HttpStatusCode.OK, (await gateway.Post("/v1/completions", $$"""{"prompt": "{{i}}"}""")).StatusCode);
        Assert.NotEmpty(full.Bodies);
        await using TestGateway onlyFull = await TestGateway.Start(full.Address);
        HttpResponseMessage told = await onlyFull.Post("/v1/completions", """{"prompt": "x"}""");
        Assert.Equal((status, """{"error": "full"}"""), ((int)told.StatusCode, await TestGateway.Text(told)));
    }

    [Fact]
    public async Task Without_a_server_the_error_has_the_shape_that_clients_know()
    {
        await using TestGateway gateway = await TestGateway.Start($"http://127.0.0.1:{FreePort()}");
        HttpResponseMessage answer = await gateway.Post("/v1/chat/completions", Chat);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(2)), (answer.StatusCode, answer.Headers.RetryAfter!.Delta));
        Assert.Contains("\"type\":\"unavailable_error\"", await TestGateway.Text(answer), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await gateway.Client.GetAsync(new Uri("/ready", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await gateway.Client.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Turns_of_a_conversation_go_to_one_server()
    {
        await using FakeServer a = await FakeServer.Start(FakeServer.Says(200, "{}")), b = await FakeServer.Start(FakeServer.Says(200, "{}")), c = await FakeServer.Start(FakeServer.Says(200, "{}"));
        await using TestGateway gateway = await TestGateway.Start(a.Address, b.Address, c.Address);
        var used = new HashSet<FakeServer>();
        foreach (int talk in Enumerable.Range(0, 20))
        {
            string first = $$"""{"role": "system", "content": "be kind"}, {"role": "user", "content": "question {{talk}}"}""";
            await gateway.Post("/v1/chat/completions", $$"""{"messages": [{{first}}]}""");
            await gateway.Post("/v1/chat/completions", $$"""{"messages": [{{first}}, {"role": "assistant", "content": "yes"}, {"role": "user", "content": "why"}], "temperature": 1}""");
            FakeServer[] answered = [.. new[] { a, b, c }.Where(server => server.Bodies.Any(body => body.Contains($"question {talk}\"", StringComparison.Ordinal)))];
            used.Add(Assert.Single(answered));
        }
        Assert.Equal(3, used.Count);
    }

    [Fact]
    public async Task Keys_are_asked_for_and_go_through()
    {
        await using FakeServer server = await FakeServer.Start(FakeServer.Says(200, "{}"));
        await using TestGateway gateway = await TestGateway.Start(new ServerOptions { ApiKeys = ["key"] }, server.Address);
        Assert.Equal(HttpStatusCode.Unauthorized, (await gateway.Post("/v1/completions", "{}")).StatusCode);
        Assert.Empty(server.Bodies);
        // The page brings its key later.
        Assert.Equal(HttpStatusCode.OK, (await gateway.Client.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await gateway.Post("/v1/completions", "{}", "key")).StatusCode);
        Assert.Equal("Bearer key", server.Headers!["Authorization"]);
    }

    [Fact]
    public async Task A_server_learns_who_asked_and_not_what_they_claim()
    {
        await using FakeServer server = await FakeServer.Start(FakeServer.Says(200, "{}"));
        await using TestGateway gateway = await TestGateway.Start(server.Address);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Add("X-Forwarded-For", "10.1.2.3");
        request.Headers.Host = "localhost";
        await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(("127.0.0.1", "localhost", "http"), (server.Headers!["X-Forwarded-For"], server.Headers["X-Forwarded-Host"], server.Headers["X-Forwarded-Proto"]));
        Assert.Equal(new Uri(server.Address).Authority, server.Headers["Host"]);
        using var evil = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        evil.Headers.Host = "evil.example";
        Assert.Equal(HttpStatusCode.Forbidden, (await gateway.Client.SendAsync(evil, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Running_requests_end_while_it_is_being_stopped()
    {
        var go = new TaskCompletionSource();
        await using FakeServer server = await FakeServer.Start(async context =>
        {
            await go.Task;
            await context.Response.WriteAsync("{}");
        });
        await using TestGateway gateway = await TestGateway.Start(server.Address);
        Task<HttpResponseMessage> running = gateway.Post("/v1/completions", """{"prompt": "x"}""");
        while (server.Bodies.IsEmpty) await Task.Delay(5, TestContext.Current.CancellationToken);
        Task<bool> drained = gateway.Service.Front.DrainAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await gateway.Post("/v1/completions", """{"prompt": "y"}""")).StatusCode);
        Assert.False(drained.IsCompleted);
        go.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await running).StatusCode);
        Assert.True(await drained);
        Assert.Single(server.Bodies);
    }

    [Fact]
    public async Task A_body_that_is_too_long_goes_nowhere()
    {
        await using FakeServer server = await FakeServer.Start(FakeServer.Says(200, "{}"));
        await using TestGateway gateway = await TestGateway.Start(new ServerOptions { MaxBodyBytes = 1000 }, server.Address);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await gateway.Post("/v1/completions", $$"""{"prompt": "{{new string('x', 2000)}}"}""")).StatusCode);
        Assert.Empty(server.Bodies);
    }

    [Theory]
    [InlineData("HEAD", 200)]
    [InlineData("GET", 200)]
    [InlineData("POST", 405)]
    public async Task Its_health_is_its_own(string method, int expected)
    {
        await using FakeServer server = await FakeServer.Start(FakeServer.Says(200, "{}"));
        await using TestGateway gateway = await TestGateway.Start(new ServerOptions { ApiKeys = ["key"] }, server.Address);
        foreach (string path in (string[])["/health", "/v1/health", "/ready"])
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            using HttpResponseMessage answer = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(expected, (int)answer.StatusCode);
        }
        Assert.Empty(server.Bodies);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
