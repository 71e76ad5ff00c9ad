using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ParScale.Configuration;

[assembly: AssemblyFixture(typeof(ParScale.Server.Tests.ChatModel))]

namespace ParScale.Server.Tests;

/// <summary>A random model with a tokenizer, a chat template, and sets of P = 2 and 4, for all tests.</summary>
public sealed class ChatModel : IDisposable
{
    public const int Context = 400;

    private readonly TempFolder _folder = new();

    public ChatModel()
    {
        string plain = _folder.File("plain");
        Write(plain);
        Model = LanguageModel.Load(plain);
        foreach (int streams in (int[])[2, 4])
        {
            RandomCheckpoint.WriteAddOn(_folder.File($"p{streams}"), plain, new StreamConfig(streams, 6, 0.1), seed: streams);
            Model.AddStreams(_folder.File($"p{streams}"));
        }
    }

    public static int Vocabulary => TinyTokenizer.VocabularySize + 2;

    public LanguageModel Model { get; }

    /// <summary>Writes a model without streams of its own.</summary>
    public static void Write(string folder, int context = Context, bool tied = true, Action<string, float[]>? change = null)
    {
        RandomCheckpoint.Write(folder, RandomCheckpoint.Config(
            streams: 1, hidden: 32, heads: 2, layers: 2, intermediate: 48, vocabulary: Vocabulary, tied: tied, maxPositions: context,
            endOfText: [TinyTokenizer.EndOfText]), seed: 4, change: change);
        var tokenizer = new TinyTokenizer();
        tokenizer.Add("<|im_start|>", special: true);
        tokenizer.Add("<|im_end|>", special: true);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer.Root.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), Text.Chat.ChatTemplate.ChatMl.Source);
    }

    public void Dispose()
    {
        Model.Dispose();
        _folder.Dispose();
    }
}

/// <summary>The endpoints over Kestrel on loopback, at a port of its own.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestServer(WebApplication app, ParScaleService service)
    {
        (_app, Service) = (app, service);
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = new HttpClient { BaseAddress = Address };
    }

    public ParScaleService Service { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    /// <summary>Every path that is served, with a method for it; null where any does.</summary>
    public IEnumerable<(string Path, string? Method)> Routes => _app.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
        .SelectMany(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Select(method => (route.RoutePattern.RawText!, (string?)method)) ?? [(route.RoutePattern.RawText!, null)]);

    public static Task<TestServer> Start(LanguageModel? model, ServerOptions? options = null, string name = "tiny") =>
        StartAll(model is null ? [] : [(name, model)], options);

    /// <param name="models">The models by name; with none the server says that it loads.</param>
    /// <param name="options">How they are served.</param>
    /// <param name="before">What answers requests before the service does; it returns whether it did.</param>
    public static async Task<TestServer> StartAll(IReadOnlyList<(string Name, LanguageModel Model)> models, ServerOptions? options = null, Func<HttpContext, Task<bool>>? before = null)
    {
        WebApplication app = Builder().Build();
        var service = new ParScaleService(options);
        if (models.Count > 0) service.Serve(models);
        if (before is not null)
        {
            app.Use(async (context, next) =>
            {
                if (!await before(context)) await next(context);
            });
        }
        app.MapParScale(service);
        app.MapNothingElse(service);
        await app.StartAsync();
        return new TestServer(app, service);
    }

    /// <summary>In an application that lets pages of an origin ask, by its endpoints or by a policy of its middleware.</summary>
    public static async Task<TestServer> StartCors(LanguageModel model, string origin, bool byEndpoint)
    {
        WebApplicationBuilder builder = Builder();
        builder.Services.AddCors(cors => cors.AddPolicy("pages", policy => policy.WithOrigins(origin)));
        WebApplication app = builder.Build();
        var service = new ParScaleService();
        service.Serve(("tiny", model));
        if (byEndpoint)
        {
            app.UseCors();
            app.MapGroup("").RequireCors("pages").MapParScale(service);
        }
        else
        {
            app.UseCors("pages");
            app.MapParScale(service);
        }
        await app.StartAsync();
        return new TestServer(app, service);
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> Post(string path, string json, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        if (key is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        using HttpResponseMessage answer = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    public async Task<JsonElement> Ask(string path, string json)
    {
        (HttpStatusCode status, JsonElement body) = await Post(path, json);
        Assert.True(status == HttpStatusCode.OK, body.ToString());
        return body;
    }

    /// <summary>The values of an event stream; the last line must be [DONE].</summary>
    public async Task<List<JsonElement>> Events(string path, string json)
    {
        string[] lines = (await Text(path, json, "text/event-stream")).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", lines[^1]);
        return [.. lines[..^1].Select(line => Parse(line["data: ".Length..]))];
    }

    /// <summary>The values of an event stream whose events have names: each value must hold the name and its number.</summary>
    public async Task<List<JsonElement>> NamedEvents(string path, string json)
    {
        string[] events = (await Text(path, json, "text/event-stream")).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        return [.. events.Select((one, i) =>
        {
            string[] lines = one.Split('\n');
            Assert.Equal(2, lines.Length);
            JsonElement value = Parse(lines[1]["data: ".Length..]);
            Assert.Equal("event: " + value.GetProperty("type").GetString(), lines[0]);
            Assert.Equal(i, value.GetProperty("sequence_number").GetInt32());
            return value;
        })];
    }

    /// <summary>The values of an answer with one a line.</summary>
    public async Task<List<JsonElement>> Lines(string path, string json) =>
        [.. (await Text(path, json, "application/x-ndjson")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    /// <summary>An answer as it is.</summary>
    public async Task<string> Text(string path, string json, string type)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await Client.PostAsync(path, content, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        return text;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    private static WebApplicationBuilder Builder()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder;
    }

    public static JsonElement Parse(string text)
    {
        using var json = JsonDocument.Parse(text);
        return json.RootElement.Clone();
    }
}
