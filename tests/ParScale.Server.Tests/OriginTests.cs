using System.Text;

namespace ParScale.Server.Tests;

/// <summary>Requests that pages of other sites have a browser send, and those that must not be taken for such.</summary>
public sealed class OriginTests(ChatModel model)
{
    private const string Elsewhere = "https://elsewhere.example", Own = "own";

    public static TheoryData<string?, string?, string?, int> Requests => new()
    {
        // Programs: curl, the clients of SDKs.
        { null, null, null, 200 },
        // The built-in page, in browsers that tell the site and in those that do not.
        { Own, "same-origin", "empty", 200 },
        { Own, null, null, 200 },
        { null, "same-origin", "empty", 200 },
        // Behind a proxy that changes the name of the host.
        { Elsewhere, "same-origin", "empty", 200 },
        // Typed, and of apps and extensions.
        { null, "none", "document", 200 },
        { "app://notes", "cross-site", "empty", 200 },
        { "chrome-extension://abcdef", null, null, 200 },
        // Pages of other sites.
        { Elsewhere, "cross-site", "empty", 403 },
        { Elsewhere, null, null, 403 },
        { "http://localhost:1", "same-site", "empty", 403 },
        { "null", "cross-site", "empty", 403 },
        { null, "cross-site", "image", 403 },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Pages_of_other_sites_are_refused(string? origin, string? site, string? destination, int expected)
    {
        await using TestServer server = await TestServer.Start(model.Model);
        foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Post, HttpMethod.Get])
            Assert.Equal(expected, await Send(server, method, origin, site, destination));
        Assert.Equal(200, await Send(server, HttpMethod.Get, origin, site, destination, "/"));
        Assert.Equal(200, await Send(server, HttpMethod.Get, origin, site, destination, "/health"));
    }

    [Fact]
    public async Task A_link_of_another_site_may_be_followed()
    {
        await using TestServer server = await TestServer.Start(model.Model);
        Assert.Equal(200, await Send(server, HttpMethod.Get, null, "cross-site", "document"));
        Assert.Equal(403, await Send(server, HttpMethod.Post, null, "cross-site", "document"));
    }

    [Fact]
    public async Task Hosts_that_are_allowed_keys_and_gateways_let_pages_pass()
    {
        await using TestServer named = await TestServer.Start(model.Model, new ServerOptions { AllowedHosts = ["elsewhere.example"] });
        Assert.Equal(200, await Send(named, HttpMethod.Post, Elsewhere, "cross-site", "empty"));
        Assert.Equal(403, await Send(named, HttpMethod.Post, "https://another.example", "cross-site", "empty"));
        await using TestServer keyed = await TestServer.Start(model.Model, new ServerOptions { ApiKeys = ["key"] });
        Assert.Equal(401, await Send(keyed, HttpMethod.Post, Elsewhere, "cross-site", "empty"));
        await using TestServer behind = await TestServer.Start(model.Model);
        Assert.Equal(200, await Send(behind, HttpMethod.Post, "http://gateway:9000", null, null, forwarded: "gateway:9000"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_application_that_runs_CORS_decides_itself(bool byEndpoint)
    {
        await using TestServer server = await TestServer.StartCors(model.Model, Elsewhere, byEndpoint);
        Assert.Equal(200, await Send(server, HttpMethod.Post, Elsewhere, "cross-site", "empty"));
    }

    private static async Task<int> Send(TestServer server, HttpMethod method, string? origin, string? site, string? destination, string? path = null, string? forwarded = null)
    {
        using var request = new HttpRequestMessage(method, path ?? (method == HttpMethod.Get ? "/v1/models" : "/tokenize"));
        if (method == HttpMethod.Post) request.Content = new StringContent("""{"prompt": "x"}""", Encoding.UTF8, "application/json");
        (string, string?)[] headers = [("Origin", origin == Own ? server.Address.GetLeftPart(UriPartial.Authority) : origin), ("Sec-Fetch-Site", site), ("Sec-Fetch-Dest", destination), ("X-Forwarded-Host", forwarded)];
        foreach ((string name, string? value) in headers) if (value is not null) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }
}
