using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using ParScale.Server;
using ParScale.Server.Tests;

namespace ParScale.Page.Tests;

/// <summary>How the page's files reach a browser; without one.</summary>
public sealed partial class ServedFilesTests(ChatModel model)
{
    [Fact]
    public async Task All_files_that_the_page_names_are_there_and_guarded()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["key"] });
        var open = new Queue<string>(["/"]);
        var seen = new HashSet<string>(open);
        while (open.TryDequeue(out string? path))
        {
            using HttpResponseMessage answer = await Get(server, path);
            Assert.Equal((HttpStatusCode.OK, path), (answer.StatusCode, path));
            Assert.Equal(TypeOf(path), answer.Content.Headers.ContentType?.MediaType);
            Assert.Equal(answer.Content.Headers.ContentLength, (await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Length);
            string policy = string.Join(' ', answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", string.Join(' ', answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("no-referrer", string.Join(' ', answer.Headers.GetValues("Referrer-Policy")));
            string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            IEnumerable<string> named = PageFile().Matches(text).Select(match => match.Value).Concat(
                Import().Matches(text).Select(match => "/page/scripts/" + match.Groups[1].Value));
            foreach (string next in named) if (seen.Add(next)) open.Enqueue(next);
        }
        Assert.True(seen.Count > 15, string.Join(' ', seen));
    }

    [Fact]
    public async Task What_a_browser_has_is_not_sent_again()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using HttpResponseMessage first = await Get(server, "/page/scripts/main.js");
        using HttpResponseMessage second = await Get(server, "/page/scripts/main.js", request => request.Headers.IfNoneMatch.Add(first.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using HttpResponseMessage other = await Get(server, "/page/scripts/main.js", request => request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"other\"")));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Theory]
    [InlineData("*/*")]
    [InlineData(null)]
    [InlineData("application/json")]
    public async Task Who_asks_for_no_page_is_told_that_a_server_runs(string? accept)
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["key"] });
        using HttpResponseMessage answer = await Get(server, "/", request =>
        {
            request.Headers.Remove("Accept");
            if (accept is not null) request.Headers.Add("Accept", accept);
        });
        Assert.Equal((HttpStatusCode.OK, "Ollama is running"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("/page/nothing.js")]
    [InlineData("/page/../scripts/main.js")]
    [InlineData("/page/%2e%2e/main.js")]
    [InlineData("/page/scripts")]
    [InlineData("/page/")]
    public async Task Nothing_else_is_served(string path)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using HttpResponseMessage answer = await Get(server, path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task The_page_can_be_left_out()
    {
        await using TestServer server = await TestServer.Start(model.Model, new ServerOptions { Page = false });
        using HttpResponseMessage root = await Get(server, "/");
        Assert.Equal("Ollama is running", await root.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        using HttpResponseMessage script = await Get(server, "/page/scripts/main.js");
        Assert.Equal(HttpStatusCode.NotFound, script.StatusCode);
    }

    [Fact]
    public async Task Another_name_of_the_machine_gets_no_page()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        using HttpResponseMessage answer = await Get(server, "/", request => request.Headers.Host = "evil.example");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    private static async Task<HttpResponseMessage> Get(TestServer server, string path, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        change?.Invoke(request);
        return await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static string TypeOf(string path) => Path.GetExtension(path) switch
    {
        ".js" => "text/javascript",
        ".css" => "text/css",
        ".svg" => "image/svg+xml",
        _ => "text/html",
    };

    [GeneratedRegex(@"/page/[\w./-]+")]
    private static partial Regex PageFile();

    [GeneratedRegex(@"from '\./([\w-]+\.js)'")]
    private static partial Regex Import();
}
