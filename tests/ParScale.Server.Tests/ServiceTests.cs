using System.Net;
using System.Text;
using System.Text.Json;

namespace ParScale.Server.Tests;

public sealed class ServiceTests(ChatModel model)
{
    private const string Long = """{"messages": [{"role": "user", "content": "hello"}], "max_tokens": 350, "ignore_eos": true, "temperature": 1}""";

    [Fact]
    public async Task Every_set_is_a_model_of_its_own()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var json = JsonDocument.Parse(await server.Client.GetStringAsync(new Uri("/v1/models", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Equal(["tiny", "tiny:p1", "tiny:p2", "tiny:p4"], json.RootElement.GetProperty("data").EnumerateArray().Select(entry => entry.GetProperty("id").GetString()));
        Assert.Equal([1, 1, 2, 4], json.RootElement.GetProperty("data").EnumerateArray().Select(entry => entry.GetProperty("parscale_n").GetInt32()));
        using var one = JsonDocument.Parse(await server.Client.GetStringAsync(new Uri("/v1/models/tiny:p4", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Equal(4, one.RootElement.GetProperty("parscale_n").GetInt32());
        Assert.Equal(["completion", "chat"], one.RootElement.GetProperty("capabilities").EnumerateArray().Select(word => word.GetString()));
        (HttpStatusCode status, JsonElement answer) = await server.Post("/v1/chat/completions", """{"model": "other", "messages": [{"role": "user", "content": "x"}]}""");
        Assert.Equal((HttpStatusCode.NotFound, "model_not_found"), (status, answer.GetProperty("error").GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData(null, 401)]
    [InlineData("", 401)]
    [InlineData("Key-two", 401)]
    [InlineData("key-tw", 401)]
    [InlineData("key-two", 200)]
    [InlineData("key-one", 200)]
    public async Task A_key_is_needed_where_one_is_set(string? key, int expected)
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["key-one", "key-two"] });
        (HttpStatusCode status, _) = await server.Post("/tokenize", """{"prompt": "x"}""", key);
        Assert.Equal(expected, (int)status);
        using HttpResponseMessage health = await server.Client.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("[::1]", 200)]
    [InlineData("evil.example", 403)]
    public async Task Other_hosts_are_refused_on_loopback(string host, int expected)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Host = host;
        request.Headers.Add("Origin", $"http://{host}");
        using HttpResponseMessage answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected, (int)answer.StatusCode);
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("/health", 200)]
    [InlineData("/v1/health", 200)]
    [InlineData("/ready", 200)]
    [InlineData("/", 403)]
    [InlineData("/v1/models", 403)]
    public async Task Only_health_is_told_at_any_address(string path, int expected)
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { AllowedHosts = ["api.example"] });
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = "10.0.0.7:8080";
        using HttpResponseMessage answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected, (int)answer.StatusCode);
    }

    [Fact]
    public async Task A_drain_waits_for_what_has_no_place_yet()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
        System.Net.Sockets.NetworkStream stream = socket.GetStream();
        await stream.WriteAsync("POST /tokenize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{"u8.ToArray(), TestContext.Current.CancellationToken);
        // The first half is read, the second is waited for.
        await Eventually.Is(() => !server.Service.DrainAsync(TimeSpan.Zero, TestContext.Current.CancellationToken).Result, "the request does not count");
        Task<bool> drained = server.Service.DrainAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.False(drained.IsCompleted);
        await stream.WriteAsync("}"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.True(await drained);
        Assert.Contains("HTTP/1.1 503", await new StreamReader(stream).ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_are_told_when_to_come_back()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { MaxRunning = 1, MaxWaiting = 2 });
        (HttpStatusCode Status, JsonElement Body)[] answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => server.Post("/v1/chat/completions", Long)));
        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.TooManyRequests));
        Assert.InRange(answers.Count(answer => answer.Status == HttpStatusCode.OK), 3, 12);
        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.TooManyRequests);
        Assert.Equal((0, 0), (server.Service.Running, server.Service.Waiting));
    }

    [Fact]
    public async Task Requests_that_are_cut_are_told_so()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        string stream = Long.Replace("\"temperature\": 1", "\"temperature\": 1, \"stream\": true", StringComparison.Ordinal);
        Task<(HttpStatusCode Status, JsonElement Body)>[] whole = [.. Enumerable.Range(0, 3).Select(_ => server.Post("/v1/chat/completions", Long.Replace("350", "390", StringComparison.Ordinal)))];
        using var content = new StringContent(stream, Encoding.UTF8, "application/json");
        Task<HttpResponseMessage> events = server.Client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content, TestContext.Current.CancellationToken);
        while (server.Service.Running < 4 && !events.IsCompleted) await Task.Yield();
        await server.Service.CutAsync();
        Assert.Equal(0, server.Service.Running);
        foreach ((HttpStatusCode status, JsonElement body) in await Task.WhenAll(whole))
        {
            if (status == HttpStatusCode.OK) continue;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            Assert.Equal("the server is being stopped", body.GetProperty("error").GetProperty("message").GetString());
        }
        string told = await (await events).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(told.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal) || told.Contains("the server is being stopped", StringComparison.Ordinal), told);
    }

    [Fact]
    public async Task Before_and_after_serving_requests_are_told_so()
    {
        await using TestServer server = await TestServer.Start((ParScale.LanguageModel?)null);
        (HttpStatusCode status, JsonElement answer) = await server.Post("/v1/chat/completions", Long);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "unavailable_error"), (status, answer.GetProperty("error").GetProperty("type").GetString()));
        server.Service.Serve(("tiny", model.Model));
        Task<(HttpStatusCode Status, JsonElement Body)> running = server.Post("/v1/chat/completions", Long);
        while (server.Service.Running == 0 && !running.IsCompleted) await Task.Yield();
        string health = await server.Client.GetStringAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Matches("""^{"status":"ok","running":[01],"waiting":0}$""", health);
        Assert.True(await server.Service.DrainAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.OK, (await running).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Post("/v1/chat/completions", Long)).Status);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_ended()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { RequestTimeout = TimeSpan.FromMilliseconds(1) });
        using var content = new StringContent(Long, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await server.Client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestTimeout, answer.StatusCode);
        Assert.Contains("\"code\":\"request_timeout\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        // OpenAI's clients would send it again otherwise, to the same end.
        Assert.Equal("false", Assert.Single(answer.Headers.GetValues("x-should-retry")));
        Assert.Equal(0, server.Service.Running);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "messages")]
    [InlineData("/v1/responses", "input")]
    [InlineData("/api/chat", "messages")]
    [InlineData("/apply-template", "messages")]
    public async Task A_template_without_time_is_told_when_to_come_back(string path, string field)
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { TemplateTime = TimeSpan.Zero });
        string messages = string.Join(',', Enumerable.Repeat("""{"role": "user", "content": "x"}""", 2000));
        using var content = new StringContent($$"""{"model": "tiny", "{{field}}": [{{messages}}]}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await server.Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        string body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable, body);
        Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Contains("try again later", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "application/json", 400)]
    [InlineData("{", "application/json", 400)]
    [InlineData("[]", "application/json", 400)]
    [InlineData("""{"messages": [], "messages": []}""", "application/json", 400)]
    [InlineData("{}", "text/plain", 415)]
    [InlineData("{}", "application/x-www-form-urlencoded", 415)]
    public async Task Bodies_that_are_none_are_refused(string body, string type, int expected)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var content = new StringContent(body, Encoding.UTF8, type);
        using HttpResponseMessage answer = await server.Client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.Equal(expected, (int)answer.StatusCode);
        Assert.Contains("\"error\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, 200)]
    [InlineData(null, "Origin", 403)]
    [InlineData(null, "Sec-Fetch-Site", 415)]
    [InlineData("text/plain;json", "Origin", 403)]
    [InlineData("text/plain; charset=json", null, 415)]
    [InlineData("application/json; charset=utf-8", "Origin", 403)]
    [InlineData("application/problem+JSON", null, 200)]
    public async Task What_a_page_of_another_site_could_send_is_refused(string? type, string? header, int expected)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using var content = new ByteArrayContent("""{"content": "a"}"""u8.ToArray());
        if (type is not null) content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/tokenize") { Content = content };
        if (header is not null) request.Headers.Add(header, "https://elsewhere.example");
        using HttpResponseMessage answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected, (int)answer.StatusCode);
    }

    [Fact]
    public async Task A_long_name_above_a_long_list_is_checked_in_time()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        // 500,000 times 20,000 characters, if each item had its place written out.
        string body = $$"""{"{{new string('a', 500_000)}}": [{{string.Join(',', Enumerable.Repeat("0", 20_000))}}, "\ud83d"]}""";
        var clock = System.Diagnostics.Stopwatch.StartNew();
        (HttpStatusCode status, _) = await server.Post("/tokenize", body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(4), $"{clock.Elapsed}");
    }

    [Fact]
    public async Task Bodies_that_are_too_deep_or_too_long_are_refused()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { MaxBodyBytes = 10_000 });
        Assert.Equal(HttpStatusCode.BadRequest, (await server.Post("/v1/chat/completions", """{"tools": """ + new string('[', 3000) + new string(']', 3000) + "}")).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await server.Post("/v1/chat/completions", "{\"x\": \"" + new string('x', 20_000) + "\"}")).Status);
    }

    [Fact]
    public async Task Prompts_are_reused_within_one_key_only()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["a", "b"] });
        async Task<int> Cached(string key) => (await server.Post("/v1/chat/completions", """{"messages": [{"role": "user", "content": "a prompt that only this test has, long enough"}], "max_tokens": 2}""", key))
            .Body.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
        Assert.Equal(0, await Cached("a"));
        Assert.Equal(0, await Cached("b"));
        Assert.True(await Cached("a") > 0);
        Assert.True(await Cached("b") > 0);
    }
}
