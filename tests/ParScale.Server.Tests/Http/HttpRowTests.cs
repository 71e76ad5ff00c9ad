using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace ParScale.Server.Tests.Http;

/// <summary>Requests that are wrong, each in its own way; after each the server answers as before.</summary>
public sealed class HttpRowTests(ChatModel model)
{
    private static readonly Dictionary<string, HttpRow> ByName = HttpRow.All().ToDictionary(row => row.Name);

    public static TheoryData<string> Names => [.. ByName.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_is_answered_so(string name)
    {
        HttpRow row = ByName[name];
        await using TestServer server = await TestServer.Start(model.Model);
        string before = await Greedy(server);
        RawAnswer answer = await RawHttp.Send(server.Address, row.Parts, row.Pause);
        // Slow senders aside, nothing takes long.
        Assert.True(answer.Time < TimeSpan.FromSeconds(row.Pause > TimeSpan.Zero ? 10 : 5), $"it took {answer.Time}");
        Assert.True(row.Status == answer.Status, answer.Text.Length > 1000 ? answer.Text[..1000] : answer.Text);
        Assert.Equal(1, answer.Count);
        Assert.DoesNotContain("   at ", answer.Text, StringComparison.Ordinal);
        if (row.IsOfWebServer || row.Status < 400)
        {
            Assert.Equal(row.IsOfWebServer, answer.Body.Length == 0);
        }
        else
        {
            JsonElement error = TestServer.Parse(answer.Body).GetProperty("error");
            if (error.ValueKind == JsonValueKind.Object)
            {
                Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(field => field.Name));
                Assert.Equal(row.Param, error.GetProperty("param").GetString());
                if (row.Code is not null) Assert.Equal(row.Code, error.GetProperty("code").GetString());
            }
            Assert.InRange(error.ToString().Length, 10, 1000);
            if (row.Holds is not null) Assert.Contains(row.Holds, error.ToString(), StringComparison.Ordinal);
            // The id is ours, whatever was sent.
            Assert.Matches("(?im)^x-request-id: [0-9a-f]{32}\r$", answer.Head + "\r");
        }
        Assert.Equal(before, await Greedy(server));
        // A request ends after its answer was sent.
        for (int i = 0; i < 500 && server.Service.Running > 0; i++) await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (server.Service.Running, server.Service.Waiting));
    }

    // HT-19
    [Fact]
    public async Task A_pattern_is_kept_or_refused()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        (HttpStatusCode status, JsonElement answer) = await server.Post("/v1/chat/completions", """
            {"messages": [{"role": "user", "content": "x"}], "max_tokens": 40, "temperature": 1, "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "string", "pattern": "^(a+)+b$"} } } }
            """);
        if (status == HttpStatusCode.BadRequest) return;
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Matches("^\\s*\"a*(ab\"?)?$", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    // HT-20
    [Fact]
    public async Task No_address_is_opened()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var bait = new TcpListener(IPAddress.Loopback, 0);
        bait.Start();
        string url = $"http://{bait.LocalEndpoint}/x.png";
        Assert.Equal(HttpStatusCode.BadRequest, (await server.Post("/v1/chat/completions", $$"""{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "{{url}}"} }] }] }""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.Post("/v1/responses", $$"""{"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "{{url}}"}] }] }""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await server.Post("/api/chat", $$"""{"messages": [{"role": "user", "content": "x", "images": ["{{url}}"] }] }""")).Status);
        Assert.False(bait.Pending());
    }

    // HT-21
    [Theory]
    [InlineData(null, 401)]
    [InlineData("", 401)]
    [InlineData("ke", 401)]
    [InlineData("Key", 401)]
    [InlineData("keyx", 401)]
    [InlineData("other", 401)]
    [InlineData("key", 400)]
    public async Task Only_the_key_opens(string? key, int expected)
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["key"] });
        foreach (string path in (string[])["/v1/chat/completions", "/v1/completions", "/v1/responses"])
            Assert.Equal(expected, (int)(await server.Post(path, "{}", key)).Status);
        Assert.Equal(key == "key" ? 400 : 401, (int)(await server.Post("/api/chat", "[]", key)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Post("/v1/completions", "{}", new string('k', 20_000))).Status);
        Assert.Equal(431, (await RawHttp.Send(server.Address, [RawHttp.Request("POST", "/v1/completions", [], more: $"Authorization: Bearer {new string('k', 1 << 20)}\r\n")])).Status);
    }

    // HT-22
    [Fact]
    public async Task Every_route_needs_the_key_but_the_page_and_what_tells_whether_the_server_lives()
    {
        const string Page = "/page/{**name}";
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["key"] });
        var open = new HashSet<string>();
        int routes = 0;
        foreach ((string pattern, string? method) in server.Routes)
        {
            routes++;
            using var request = new HttpRequestMessage(new HttpMethod(method ?? "PATCH"), System.Text.RegularExpressions.Regex.Replace(pattern, "{.*}", "x"));
            using HttpResponseMessage answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
            if (answer.StatusCode == HttpStatusCode.Unauthorized) continue;
            open.Add(pattern);
            // Another method than theirs tells no more than that.
            Assert.Equal(method is null ? HttpStatusCode.MethodNotAllowed : pattern == Page ? HttpStatusCode.NotFound : HttpStatusCode.OK, answer.StatusCode);
        }
        Assert.Equal(["/", "/health", Page, "/ready", "/v1/health"], open.Order(StringComparer.Ordinal));
        Assert.InRange(routes, 30, 200);
    }

    // HT-23
    [Theory]
    [InlineData("OPTIONS")]
    [InlineData("POST")]
    public async Task No_other_site_is_let_in(string method)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var request = new HttpRequestMessage(new HttpMethod(method), "/v1/chat/completions");
        request.Headers.Add("Origin", "http://evil.example");
        request.Headers.Add("Access-Control-Request-Method", "POST");
        using HttpResponseMessage answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.False(answer.IsSuccessStatusCode);
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        foreach (string path in (string[])["/v1/models", "/api/tags", "/health"])
        {
            using var addressed = new HttpRequestMessage(HttpMethod.Get, path);
            addressed.Headers.Host = "evil.example";
            using HttpResponseMessage refused = await server.Client.SendAsync(addressed, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }
    }

    // What a working server always says.
    private static async Task<string> Greedy(TestServer server)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        using HttpResponseMessage ready = await server.Client.GetAsync(new Uri("/ready", UriKind.Relative), limit.Token);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        return (await server.Ask("/v1/completions", """{"prompt": "the", "max_tokens": 8, "temperature": 0}""")).GetProperty("choices")[0].GetProperty("text").GetString()!;
    }
}
